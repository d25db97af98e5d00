"""`treadle init`: a small working project, whose `treadle run` and `pytest` succeed untouched."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from treadle.cli.output import Json, show
from treadle.cli.project import shown
from treadle.errors import Conflict, InvalidInput

if TYPE_CHECKING:
    from rich.console import Console

FILES = {
    "loop.py": "loop.py.txt",
    "treadle.toml": "treadle.toml.txt",
    "pyproject.toml": "pyproject.toml.txt",
    "README.md": "README.md.txt",
    ".gitignore": "gitignore.txt",
    ".github/workflows/ci.yml": "ci.yml.txt",
    "tests/test_data.py": "test_data.py.txt",
    "tests/test_features.py": "test_features.py.txt",
    "schemas/orders.toml": "orders.toml.txt",
}
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,58}[a-z0-9])?")


def command(
    name: Annotated[str, typer.Argument(help="The project's name, and the folder that is made.")],
    json: Json = False,
) -> None:
    """Make a new project: a loop file, tests, sample data, a schema, settings and a CI workflow."""
    folder = Path.cwd() if name == "." else Path(name)
    made = create(folder)

    def draw(screen: Console) -> None:
        screen.print(f"[bold]{shown(folder)}[/] is ready:")
        for path in made:
            screen.print(f"  {path}")
        screen.print(f"\nNext:\n  cd {shown(folder)}\n  treadle run\n  treadle up")

    show({"project": folder.name, "folder": folder.resolve(), "files": made}, json, draw)


def create(folder: Path) -> list[str]:
    """Write the project into `folder` and return its files.

    Raises `InvalidInput` for a name that cannot be a project's, `Conflict` when the folder holds something already.
    """
    name = folder.name
    if not _NAME.fullmatch(name):
        raise InvalidInput(
            f"{name!r} cannot name a project.",
            mend="Use lower-case letters, digits and - between them, at most 60: for example 'late-orders'.",
            field="name",
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Conflict(f"{shown(folder)} exists already and is not empty.", mend="Choose another name.", field="name")
    for path, content in contents(name).items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, "utf-8")
    return sorted(contents(name))


def contents(name: str) -> dict[str, str]:
    """The text of every file of a new project, by path."""
    from treadle import __version__
    from treadle.cli.sample import orders

    templates = resources.files("treadle.cli") / "templates"
    texts = {path: (templates / template).read_text("utf-8") for path, template in FILES.items()}
    filled = {path: text.replace("@name@", name).replace("@version@", __version__) for path, text in texts.items()}
    return filled | {"data/orders.csv": orders()}
