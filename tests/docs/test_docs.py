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

from treadle.cli.init import create

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = ["tutorial.md", *sorted(f"how-to/{path.name}" for path in (DOCS / "how-to").glob("*.md"))]


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


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page)])
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
