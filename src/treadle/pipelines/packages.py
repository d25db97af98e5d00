"""Whose code it is: the standard library's, an installed package's, or the project's own."""

from __future__ import annotations

import os
import sys
from functools import lru_cache
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec

Owner = Literal["python", "package", "project"]
_LIBRARY = os.path.dirname(os.__file__) + os.sep
_INSTALLED = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")


def owner_of_file(path: str) -> Owner:
    """Whose a source file is; notebook cells and the prompt (`<ipython-input-…>`, `<stdin>`) are the project's.

    >>> owner_of_file("/srv/flights/loop.py"), owner_of_file("/venv/lib/python3.11/site-packages/numpy/random.py")
    ('project', 'package')
    """
    if path.startswith("<frozen"):
        return "python"
    if any(mark in path for mark in _INSTALLED):
        return "package"
    return "python" if path.startswith(_LIBRARY) else "project"


def owner_of_module(name: str) -> Owner:
    """Whose a loaded module is, by its file."""
    if name == "__main__":
        return "project"
    top = name.partition(".")[0]
    if top in sys.builtin_module_names or top in sys.stdlib_module_names:
        return "python"
    module = sys.modules.get(name) or sys.modules.get(top)
    file = getattr(module, "__file__", None)
    if file is None:
        return "project" if module is None or hasattr(module, "__path__") else "python"
    return owner_of_file(file)


def owner_unloaded(top: str) -> Owner:
    """Whose a top-level module is, loaded or not; finding it does not run it."""
    if top in sys.modules:
        return owner_of_module(top)
    spec = _top_spec(top)
    if spec is None:
        return "package"
    if spec.origin is None:
        return "project" if spec.submodule_search_locations else "python"
    return owner_of_file(spec.origin)


def code_of(module: str) -> CodeType | None:
    """The compiled file of a project's module as it is on the disk now; None when there is none or it is not Python.

    Neither the module nor the packages above it are run for that.
    """
    file = _file_of(module)
    if file is None or not file.endswith(".py") or owner_of_file(file) != "project":
        return None
    try:
        changed = os.stat(file).st_mtime_ns
    except OSError:  # a module made at run time
        return None
    held = _codes.get(file)
    if held is None or held[0] != changed:
        from importlib.machinery import SourceFileLoader

        held = _codes[file] = (changed, SourceFileLoader(module, file).get_code(module))
    return held[1]


_codes: dict[str, tuple[int, CodeType | None]] = {}


def _file_of(module: str) -> str | None:
    loaded = getattr(sys.modules.get(module), "__file__", None)
    if loaded is not None:
        return loaded
    above, _, name = module.rpartition(".")
    if not above:
        spec = _top_spec(name)
        return None if spec is None or not spec.has_location else spec.origin
    for folder in _folders_of(above):
        for file in (os.path.join(folder, name, "__init__.py"), os.path.join(folder, f"{name}.py")):
            if os.path.exists(file):
                return file
    return None


def _folders_of(package: str) -> list[str]:
    loaded = getattr(sys.modules.get(package), "__path__", None)
    if loaded is not None:
        return list(loaded)
    above, _, name = package.rpartition(".")
    if above:
        return [os.path.join(folder, name) for folder in _folders_of(above)]
    spec = _top_spec(package)
    return list(spec.submodule_search_locations or ()) if spec is not None else []


def _top_spec(name: str) -> ModuleSpec | None:
    from importlib.util import find_spec

    try:
        return find_spec(name)
    except (ImportError, ValueError):  # ValueError: loaded without saying from where
        return None


@lru_cache(maxsize=1024)
def version_of(module: str) -> str:
    """The version of the installed package that provides a top-level module, loaded or not; "" when nothing says.

    Reads the names of the installed distributions, which is a listing of a few folders; `importlib.metadata` would parse them.

    >>> version_of("msgspec") != "", version_of("no_such_package")
    (True, '')
    """
    found = _installed()
    direct = found.get(module.lower().replace("-", "_"))
    if direct is not None:
        return direct[0]
    marks = (f"\n{module}/", f"\n{module}.py")
    versions = [version for version, folder in found.values() if any(mark in _record(folder) for mark in marks)]
    return "+".join(sorted(versions))


@lru_cache(maxsize=1)
def _installed() -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for place in sys.path:
        if not place.endswith(("site-packages", "dist-packages")) or not os.path.isdir(place):
            continue
        for name in os.listdir(place):
            if name.endswith(".dist-info") and "-" in name:
                distribution, _, version = name.removesuffix(".dist-info").rpartition("-")
                found.setdefault(
                    distribution.lower().replace("-", "_").replace(".", "_"), (version, os.path.join(place, name))
                )
    return found


@lru_cache(maxsize=1024)
def _record(folder: str) -> str:
    try:
        return "\n" + Path(folder, "RECORD").read_text("utf-8", "replace")
    except OSError:  # a package without a record cannot be found this way
        return ""
