"""Has something changed that the release stands on?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from treadle.evidence import Verdict
from treadle.monitoring.monitor import Monitor
from treadle.monitoring.window import LiveWindow

_PARTS = {"packages": "package", "columns": "column", "upstream": "upstream model"}


@dataclass(frozen=True)
class Dependencies(Monitor):
    """Are packages, the columns of every source and upstream models what they were at release?

    A new version of a dataset is the way of things and only told; a column that is gone or has another type, another version of a
    package or of an upstream model fails. `leave_out` names packages that do not matter.
    Source: E. Breck et al., "The ML Test Score" (2017), Monitor 1.

    >>> Dependencies(leave_out=("pandas",)).leave_out
    ('pandas',)
    """

    leave_out: tuple[str, ...] = ()

    def run(self, context: LiveWindow) -> Verdict:
        then = context.reference.made_of if context.reference is not None else {}
        if not then:
            return Verdict.skipped("The release did not write down what it stands on.")
        now = context.look.dependencies()
        changes = {part: _changes(_flat(then.get(part)), _flat(now.get(part))) for part in _PARTS if part in now}
        for name in self.leave_out:
            changes.get("packages", {}).pop(name, None)
        said = [
            f"{_PARTS[part]} {name}: {before} then, {after or 'gone'} now"
            for part, found in changes.items()
            for name, (before, after) in found.items()
        ]
        return Verdict.of(
            not said,
            value=float(len(said)),
            threshold=0.0,
            summary=("; ".join(said[:5]) + ".")
            if said
            else "Packages, columns and upstream models are those of the release.",
            changes={
                part: {name: list(pair) for name, pair in found.items()} for part, found in changes.items() if found
            },
            datasets=_changes(_flat(then.get("datasets")), _flat(now.get("datasets"))),
        )


def _changes(then: Mapping[str, str], now: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """What was there then and is otherwise now; what is new does not disturb a model that does not read it."""
    return {name: (before, now.get(name, "")) for name, before in then.items() if now.get(name, "") != before}


def _flat(part: Mapping[str, Any] | None) -> dict[str, str]:
    flat: dict[str, str] = {}
    for name, value in (part or {}).items():
        if isinstance(value, Mapping):
            flat |= {f"{name}.{inner}": str(kind) for inner, kind in value.items()}
        else:
            flat[name] = str(value)
    return flat
