"""Everything Treadle can refuse or fail at, as one tree of meanings.

Errors are raised once, where the cause is known. They carry no exit code and no HTTP status: each protocol (the CLI, REST,
the Open Inference Protocol) owns one table from these classes to its own codes.

```
TreadleError
├── InvalidInput            a value the caller gave is wrong: says which field and how to mend it
│   └── DeclarationError    the same, in a loop file: says the file and the line
├── NotFound                a name that does not exist: offers the nearest ones that do
├── Conflict                it exists already, or somebody else changed it meanwhile
├── Refused                 a gate, a policy or a check said no
├── Unauthenticated         nobody we know
├── Forbidden               somebody we know who may not
├── Unavailable             the disk, the database, a port or a peer cannot be used now
├── Corrupt                 stored bytes do not match their digest, frame or chain
├── Fenced                  the writer's lease has passed to somebody else
├── TimedOut                a step or a call took longer than allowed
├── Cancelled               a person or a program stopped it
└── StepFailed              user code in a step raised: carries the step and the cause
```
"""

from __future__ import annotations

from collections.abc import Iterable


class TreadleError(Exception):
    """The root of everything Treadle raises on purpose.

    `message` says what is wrong, `mend` what to do about it, `field` names the offending input, `where` the `file:line`.
    """

    def __init__(self, message: str, *, mend: str = "", field: str = "", where: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.mend = mend
        self.field = field
        self.where = where

    def __str__(self) -> str:
        head = f"{self.where}: {self.message}" if self.where else self.message
        return f"{head} {self.mend}" if self.mend else head


class InvalidInput(TreadleError):
    """A value the caller gave is wrong."""


class DeclarationError(InvalidInput):
    """A loop, source or feature view is declared wrongly; `where` is the file and line."""


class NotFound(TreadleError):
    """A name that does not exist."""

    @classmethod
    def among(cls, kind: str, name: str, known: Iterable[str], *, field: str = "") -> NotFound:
        """An error for `name` that offers the nearest of the `known` names.

        >>> print(NotFound.among("model", "late-arival", ["late-arrival", "churn"]))
        There is no model named 'late-arival'. Did you mean 'late-arrival'?
        """
        names = sorted(set(known))
        return cls(f"There is no {kind} named {name!r}.", mend=suggest(name, names), field=field)


class Conflict(TreadleError):
    """It exists already, or somebody else changed it meanwhile."""


class Refused(TreadleError):
    """A gate, a policy or a check said no."""


class Unauthenticated(TreadleError):
    """The caller is nobody we know."""


class Forbidden(TreadleError):
    """The caller may not do this."""


class Unavailable(TreadleError):
    """The disk, the database, a port or a peer cannot be used now."""


class Corrupt(TreadleError):
    """Stored bytes do not match their digest, frame or chain."""


class Fenced(TreadleError):
    """The writer's lease has passed to somebody else; its write was refused."""


class TimedOut(TreadleError):
    """A step or a call took longer than allowed."""


class Cancelled(TreadleError):
    """A person or a program stopped it."""


class StepFailed(TreadleError):
    """User code in a step raised; `__cause__` is what it raised."""


def suggest(name: str, known: Iterable[str]) -> str:
    """A sentence that offers the names nearest to a misspelt one, or lists what there is.

    >>> suggest("orign", ["origin", "dest"])
    "Did you mean 'origin'?"
    >>> suggest("zzz", ["origin", "dest"])
    "There are: 'dest', 'origin'."
    """
    import difflib  # costs as much as the rest of this file, and only mistakes need it

    names = sorted(set(known))
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if near:
        return f"Did you mean {near[0]!r}?"
    if not names:
        return "There are none yet."
    shown = ", ".join(repr(n) for n in names[:8])
    return f"There are: {shown}{', …' if len(names) > 8 else ''}."
