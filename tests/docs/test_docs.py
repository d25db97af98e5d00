"""The documentation is true: its Python runs, its links hold, its reference is current."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from treadle.cli.background import Background
from treadle.cli.init import create

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
# Pages of rooms whose code is whole; the others show lines of something longer.
ROOMS = [
    "alerts",
    "evidence",
    "governance",
    "ground",
    "monitoring",
    "operations",
    "readiness",
    "retraining",
    "rollouts",
]
PAGES = [
    "tutorial.md",
    *sorted(f"how-to/{path.name}" for path in (DOCS / "how-to").glob("*.md")),
    *(f"rooms/{room}.md" for room in ROOMS),
]


def blocks(page: str) -> list[str]:
    return re.findall(r"^```python[^\n]*\n(.*?)^```", (DOCS / page).read_text("utf-8"), re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new project whose loop was turned once, with the tutorial's own data beside it."""
    folder = tmp_path_factory.mktemp("docs") / "late-orders"
    create(folder)
    rows = [
        f"c{n},{'basic' if n % 3 else 'plus'},{'NL' if n % 2 else 'BE'},{n % 40},{n % 7},{'yes' if n % 4 == 0 else 'no'}"
        for n in range(400)
    ]
    (folder / "data" / "customers.csv").write_text(
        "\n".join(["customer_id,plan,country,months,calls,churned", *rows]) + "\n"
    )
    subprocess.run([sys.executable, "-m", "treadle.cli", "-C", str(folder), "run"], check=True, capture_output=True)
    return folder


REPLAY = "how-to/replay.md"


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page) and page != REPLAY])
def test_the_python_of_a_page_runs(page: str, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    monkeypatch.syspath_prepend(str(project))
    monkeypatch.delitem(sys.modules, "loop", raising=False)
    names: dict[str, Any] = {"__name__": "docs"}
    exec("import treadle as td\nfrom loop import loop, orders, shop_delay", names)
    if page == "how-to/audit.md":
        with names["td"].open() as workspace:
            names["evidence_id"] = workspace.ledger.find(limit=1)[0].id
    for index, code in enumerate(blocks(page)):
        if "td.connect(" in code:
            continue  # needs a server; tested with the client
        path = project / f"{Path(page).stem}_{index}.py"
        path.write_text(code)
        exec(compile(code, str(path), "exec", dont_inherit=True), names)


def test_the_replay_of_its_page_lives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a project of its own: a replay moves the project's clock, and asks a server in another process."""
    folder = tmp_path / "late-orders"
    create(folder)
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, "loop", raising=False)
    names: dict[str, Any] = {"__name__": "docs"}
    exec("import treadle as td\nfrom loop import loop", names)
    first, *rest = blocks(REPLAY)
    exec(compile(first, "first", "exec", dont_inherit=True), names)
    server = Background(folder, 0, controller=False)
    try:
        address = server.start()
        for code in rest:
            code = code.replace("http://127.0.0.1:7717", address)
            exec(compile(code, "rest", "exec", dont_inherit=True), names)
    finally:
        server.stop()
    assert names["first"].release.outcome == "promoted"
    assert names["heard"].predictions == names["lived"]["predictions"].to_numpy().sum() > 400
    assert names["heard"].labels > 400


def test_links_between_pages_hold() -> None:
    missing = []
    for path in DOCS.rglob("*.md"):
        for target in re.findall(r"\]\(([^)#:\s]+\.md)(?:#[^)]*)?\)", path.read_text("utf-8")):
            if not (path.parent / target).is_file():
                missing.append(f"{path.relative_to(DOCS)} → {target}")
    assert missing == []


def test_the_reference_of_the_command_line_is_current() -> None:
    spec = importlib.util.spec_from_file_location("cli_reference", DOCS / "cli_reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.PAGE.read_text("utf-8") == module.page(), "run: python docs/cli_reference.py"


def test_every_room_has_a_reference_page() -> None:
    rooms = {path.parent.name for path in (ROOT / "src" / "treadle").glob("*/__init__.py")} - {"cli"}
    empty = {
        room
        for room in rooms
        if not re.search(r"^__all__ = \[\s*\S", (ROOT / f"src/treadle/{room}/__init__.py").read_text(), re.M)
    }
    pages = {path.stem for path in (DOCS / "reference").glob("*.md")}
    assert rooms - empty - pages == set()


def test_every_setting_is_documented() -> None:
    from dataclasses import fields

    from treadle.config import ProjectSettings, ServerSettings, StorageSettings

    text = (DOCS / "reference" / "configuration.md").read_text("utf-8")
    for section, kind in (("project", ProjectSettings), ("storage", StorageSettings), ("server", ServerSettings)):
        for each in fields(kind):
            assert f"`[{section}] {each.name}`" in text


def test_every_exit_code_is_documented() -> None:
    from treadle.cli.exits import EXIT_CODES

    text = (DOCS / "reference" / "exit-codes.md").read_text("utf-8")
    for code in {0, *EXIT_CODES.values()}:
        assert f"| {code} |" in text


@pytest.mark.slow
def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs")
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-q", "-d", str(tmp_path / "site")]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "site" / "index.html").is_file()
