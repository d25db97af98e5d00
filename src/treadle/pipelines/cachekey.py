"""The cache key: what a result depends on, each part with a digest of its own so that a difference can be named. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Ingredients:
    """Everything that decides a step's result: its name, its code, its inputs, its params, the state of the outside."""

    step: str
    code: str
    inputs: Mapping[str, str] = field(default_factory=dict)  # parameter -> digest of the output it takes
    params: Mapping[str, str] = field(default_factory=dict)  # parameter -> digest of the value it is given
    fresh: str = ""

    @property
    def key(self) -> str:
        """SHA-256 over all of it, in hexadecimal.

        >>> Ingredients("a", "c1").key == Ingredients("a", "c1").key, Ingredients("a", "c1").key == Ingredients("a", "c2").key
        (True, False)
        """
        lines = ["treadle step 1", self.step, self.code, self.fresh]
        lines += [f"input {name}={self.inputs[name]}" for name in sorted(self.inputs)]
        lines += [f"param {name}={self.params[name]}" for name in sorted(self.params)]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def why(now: Ingredients, before: Mapping[str, object] | None) -> str:
    """Why a step must run, compared with what its last result was made of.

    >>> why(Ingredients("a", "c2", {"rows": "d1"}), {"code": "c1", "inputs": {"rows": "d1"}, "params": {}, "fresh": ""})
    'its code changed'
    """
    if before is None:
        return "it never ran"
    found = [] if before.get("code") == now.code else ["its code changed"]
    for kind, given in (("inputs", now.inputs), ("params", now.params)):
        old = before.get(kind)
        old = old if isinstance(old, Mapping) else {}
        changed = sorted(name for name in {*old, *given} if old.get(name) != given.get(name))
        if changed:
            found.append(f"{', '.join(changed)} changed")
    if before.get("fresh", "") != now.fresh:
        found.append("the outside changed")
    return "; ".join(found)
