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
    spec = _spec(top)
    if spec is None:
        return "package"
    if spec.origin is None:
        return "project" if spec.submodule_search_locations else "python"
    return owner_of_file(spec.origin)


def code_of(module: str) -> CodeType | None:
    """The compiled file of a project's module as it is on the disk now; None when there is none or it is not Python."""
    spec = _spec(module)
    if spec is None or spec.origin is None or not spec.has_location or not hasattr(spec.loader, "get_code"):
        return None
    if owner_of_file(spec.origin) != "project":
        return None
    changed = os.stat(spec.origin).st_mtime_ns
    held = _codes.get(module)
    if held is None or held[0] != changed:
        held = _codes[module] = (changed, spec.loader.get_code(module))  # type: ignore[union-attr]
    return held[1]


_codes: dict[str, tuple[int, CodeType | None]] = {}


def _spec(module: str) -> ModuleSpec | None:
    loaded = sys.modules.get(module)
    if loaded is not None and getattr(loaded, "__spec__", None) is not None:
        return loaded.__spec__
    from importlib.util import find_spec

    try:
        return find_spec(module)
    except (ImportError, ValueError, AttributeError):
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
