"""The fingerprint of a declaration: two turns with the same one would do the same work on the same rows."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from treadle.pipelines import fingerprint

if TYPE_CHECKING:
    from treadle.loop.declaration import Loop


def declaration_fingerprint(loop: Loop) -> str:
    """SHA-256 over everything a loop says that can change its model: not over where it says it."""
    said = [
        loop.name,
        *(repr(source) for source in loop.sources),
        repr(loop.label),
        *(repr(feature) for feature in loop.features),
        repr(loop.split),
        repr(loop.search),
        *(f"{c.name}={_candidate(c.make)} {sorted(c.params.items())}" for c in loop.candidates),
        *sorted(gate.name for gate in loop.gates),
        *sorted(loop.without),
        repr(loop.seed),
        *([] if loop.window is None else [f"window={loop.window!r}"]),
    ]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()


def _candidate(estimator: Any) -> str:
    if hasattr(estimator, "get_params"):
        # repr() of a long pipeline is cut short by scikit-learn, its parameters are not
        params = estimator.get_params(deep=True)
        leaves = {k: v for k, v in params.items() if not hasattr(v, "get_params") and not isinstance(v, list | tuple)}
        kind = type(estimator)
        parts = [f"{k}={_leaf(v)}" for k, v in sorted(leaves.items())]
        nested = [f"{k}:{type(v).__qualname__}" for k, v in sorted(params.items()) if hasattr(v, "get_params")]
        return f"{kind.__module__}.{kind.__qualname__}({', '.join(parts + nested)})"
    return fingerprint(estimator)


def _leaf(value: Any) -> str:
    return fingerprint(value) if callable(value) else repr(value)


def code_fingerprint(loop: Loop) -> str:
    """SHA-256 over the declaration and the code of the checks a person wrote for it: what a change of code is told by.

    Treadle's own checks are known by their names, so that an update of Treadle is no change of a loop.
    """
    own = [check for check in (*loop.gates, *loop.monitors) if not type(check).__module__.startswith("treadle.")]
    said = [declaration_fingerprint(loop), *(f"{check.name}={fingerprint(type(check))}" for check in own)]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()
