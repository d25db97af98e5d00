"""Is personal data kept out of features, and is what the pipeline keeps closed to others?"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from treadle.datasets import quoted
from treadle.evidence import Verdict
from treadle.loop.proving.personal import personal_form, suspicious_name
from treadle.loop.proving.project_check import ProjectCheck

if TYPE_CHECKING:
    from treadle.datasets import DatasetVersion, Source
    from treadle.loop.proving.bench import Bench

SCANNED = 2_000  # values a column


@dataclass(frozen=True)
class PrivacyControls(ProjectCheck):
    """Does no feature hold personal data, and can nobody else change what the pipeline keeps?

    Columns are judged by their names and by a sample of their values. Personal columns may be in a source, but the model, its
    entities and its prediction log must not use them. Folders of the project may not be writable by everybody.
    """

    def run(self, context: Bench) -> Verdict:
        """Scan the sources, hold the findings against what the loop uses, and look at the folders."""
        loop = context.loop
        found: dict[str, str] = {}
        for source in loop.sources:
            version = context.version_of(source.name)
            if version is None:
                return Verdict.skipped(f"The source {source.name} was never read.")
            found |= {f"{source.name}.{name}": what for name, what in _personal(context, version).items()}
        used = _used(context)
        leaked = {name: what for name, what in found.items() if name in used}
        config = context.rooms.config
        open_to_all = [str(path) for path in (config.state, config.artifacts, config.tables) if _writable_by_all(path)]
        problems = [f"{name}, which the model uses, holds {what}" for name, what in leaked.items()]
        problems += [f"{path} can be changed by everybody" for path in open_to_all]
        kept = (
            f" {len(found)} personal columns stay unused: {', '.join(sorted(found))}." if found and not leaked else ""
        )
        return Verdict.of(
            not problems,
            value=len(problems),
            threshold=0,
            summary=f"{'; '.join(problems)}." if problems else f"The model uses no personal data.{kept}",
            personal=found,
            used=leaked,
            open_to_all=open_to_all,
        )


def _personal(context: Bench, version: DatasetVersion) -> dict[str, str]:
    found = {column.name: "what its name says" for column in version.columns if suspicious_name(column.name)}
    texts = [column.name for column in version.columns if column.type == "text"]
    if not texts:
        return found
    names = ", ".join(quoted(name) for name in texts)
    rows = context.rooms.engine.query(f"SELECT {names} FROM source LIMIT {SCANNED}", {"source": version})
    for name in texts:
        form = personal_form({value for value in rows[name].to_pylist() if value})
        if form:
            found[name] = form
    return found


def _used(context: Bench) -> set[str]:
    loop = context.loop
    used = {f"{loop.source.name}.{name}" for name in (*loop.columns, *(e for view in loop.views for e in view.entity))}
    for view in loop.views:
        used |= {_column(view.source, feature) for feature in (*view.entity, *view.features)}
    return used


def _column(source: Source, feature: object) -> str:
    name = feature if isinstance(feature, str) else getattr(feature, "column", None)
    return f"{source.name}.{name}"


def _writable_by_all(path: Path) -> bool:
    return os.name == "posix" and path.exists() and bool(path.stat().st_mode & stat.S_IWOTH)
