"""The file, the environment and the defaults."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from treadle.config import Config, find_root, load_config
from treadle.errors import InvalidInput, NotFound, Unavailable


def load(folder: Path, text: str = "", **environ: str) -> Config:
    if text:
        (folder / "treadle.toml").write_text(text, "utf-8")
    return load_config(folder, environ)


def test_nothing_written_means_the_defaults(tmp_path: Path) -> None:
    config = load(tmp_path)
    assert (config.root, config.project.name, config.project.environment) == (tmp_path, "default", "development")
    assert config.database_url == f"sqlite:///{tmp_path}/.treadle/treadle.db"
    assert config.artifacts == tmp_path / ".treadle" / "artifacts"
    assert config.tables == tmp_path / ".treadle" / "tables"
    assert (config.server.host, config.server.port, config.server.log_full_disk) == ("127.0.0.1", 7717, "refuse")


def test_the_file_is_read(tmp_path: Path) -> None:
    config = load(
        tmp_path,
        """
        [project]
        name = "late"
        environment = "production"
        [storage]
        state = "state"
        artifacts = "bytes"
        tables = "/big/tables"
        durability = "power"
        [server]
        port = 0
        workers = 2
        """,
    )
    assert (config.project.name, config.project.environment) == ("late", "production")
    assert config.state == tmp_path / "state"
    assert config.artifacts == tmp_path / "bytes"
    assert config.tables == Path("/big/tables")
    assert (config.storage.durability, config.server.port, config.server.workers) == ("power", 0, 2)


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("sqlite:///here.db", "sqlite:///{root}/here.db"),
        ("sqlite:////there/there.db", "sqlite:////there/there.db"),
        ("postgresql://u@h/d", "postgresql://u@h/d"),
    ],
)
def test_a_relative_database_is_below_the_project(tmp_path: Path, written: str, url: str) -> None:
    config = load(tmp_path, f'[storage]\ndatabase = "{written}"')
    assert config.database_url == url.replace("{root}", str(tmp_path))


def test_the_environment_wins(tmp_path: Path) -> None:
    config = load(
        tmp_path,
        '[server]\nport = 1\n[project]\nname = "a"',
        TREADLE_SERVER_PORT="8080",
        TREADLE_PROJECT_NAME="b",
        TREADLE_STORAGE_DURABILITY="power",
    )
    assert (config.server.port, config.project.name, config.storage.durability) == (8080, "b", "power")


def test_a_password_is_not_shown(tmp_path: Path) -> None:
    config = load(tmp_path, TREADLE_STORAGE_DATABASE="postgresql://u:secret@h/d")
    assert "secret" not in repr(config)
    assert "secret" in config.database_url


@pytest.mark.parametrize(
    ("text", "field", "said"),
    [
        ("[sever]\nport = 1", "sever", "Did you mean 'server'?"),
        ("[server]\nprt = 1", "server.prt", "Did you mean 'port'?"),
        ("server = 1", "server", "Write it as [server]."),
        ("[server]\nport = 'x'", "server.port", "Write a whole number there."),
        ("[server]\nport = true", "server.port", "Write a whole number there."),
        ("[server]\nport = 1.5", "server.port", "Write a whole number there."),
        ("[server]\nport = -1", "server.port", "Choose a number from 0 to 65535."),
        ("[server]\nserve_port = 65536", "server.serve_port", "Choose a number from 0 to 65535."),
        ("[server]\nworkers = 99999", "server.workers", "Choose a number from 0 to 4096."),
        ("[server]\nhost = 5", "server.host", "Write text there."),
        ("[server]\nauth = 'maybe'", "server.auth", "Choose one of: off, token."),
        ("[project]\nenvironment = 'prod'", "project.environment", "Choose one of: development, staging, production."),
        ("[project", "treadle.toml", "Mend that line."),
    ],
)
def test_a_mistake_is_named_with_its_mend(tmp_path: Path, text: str, field: str, said: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        load(tmp_path, text)
    assert caught.value.field == field
    assert said in str(caught.value)


@pytest.mark.parametrize("text", ["eighty", "", "-1", "70000", "1.5"])
def test_a_mistake_in_the_environment_is_named_too(tmp_path: Path, text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        load(tmp_path, TREADLE_SERVER_PORT=text)
    assert caught.value.field == "server.port"


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "treadle.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(InvalidInput, match=r"not UTF-8 text\. Save it as UTF-8"):
        load_config(tmp_path, {})


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "treadle.toml").mkdir()
    with pytest.raises(Unavailable, match="cannot be read"):
        load_config(tmp_path, {})


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFound) as caught:
        load_config(tmp_path / "nowhere", {})
    assert caught.value.field == "root"


@pytest.mark.parametrize("mark", ["treadle.toml", ".treadle"])
def test_the_project_is_found_from_below(tmp_path: Path, mark: str) -> None:
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    (tmp_path / mark).touch() if mark.endswith("toml") else (tmp_path / mark).mkdir()
    assert find_root(deep) == tmp_path
    assert load_config(environ={"TREADLE_ROOT": str(deep)}).root == tmp_path


def test_without_a_mark_the_project_is_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_root(tmp_path) == tmp_path
    assert load_config(environ={}).root == Path(os.getcwd())
