"""What is on record about one prediction, put together for whoever asks why: plain values only, so that it can be sent and kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Proof:
    """A record of the ledger in short."""

    id: str
    check: str
    status: str
    value: float | None
    threshold: float | None
    summary: str


@dataclass(frozen=True)
class FeatureValue:
    """One feature the model read: its value, where it came from (`"request"` or a feature view), and what it `added`."""

    name: str
    value: Any
    origin: str
    added: float | None = None


@dataclass(frozen=True)
class Contribution:
    """How the answer adds up: `base` plus what every feature added is `total`, in `unit`; `method` says how that was found out.

    When it could not be found out, `method` is empty and `note` says why.
    """

    method: str = ""
    unit: str = ""
    base: float | None = None
    total: float | None = None
    note: str = ""


@dataclass(frozen=True)
class ReadView:
    """A feature view the server looked up: for which entity, made of which dataset version, as of when at the latest."""

    view: str
    entity: dict[str, Any]
    dataset: str
    fingerprint: str
    as_of: datetime | None
    note: str = ""


@dataclass(frozen=True)
class Data:
    """A dataset version the model was made of; `here` is False once it was erased or has expired."""

    dataset: str
    fingerprint: str
    rows: int | None
    made_at: datetime | None
    here: bool


@dataclass(frozen=True)
class Making:
    """How the version was made: by whom and why, in which execution, from what, and what its gates said."""

    at: datetime
    by: str
    trigger: str
    declared: str
    execution: str
    as_of: str
    code: str  # the fingerprint of the training step's code, inputs and parameters
    package: str
    data: tuple[Data, ...]
    gates: tuple[Proof, ...]


@dataclass(frozen=True)
class Admission:
    """What let the version answer: a move of an alias, or a rollout in flight; who, when, why and on what evidence."""

    kind: str
    id: str
    at: datetime
    by: str
    why: str
    override: str = ""
    evidence: tuple[Proof, ...] = ()


@dataclass(frozen=True)
class Replay:
    """The same package asked again with the logged features. `identical`: every number is equal to the last bit."""

    possible: bool
    identical: bool | None = None
    same_label: bool | None = None
    difference: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Said:
    """A label, a correction or a signal that came later."""

    name: str
    value: Any
    at: datetime
    received_at: datetime
    source: str


@dataclass(frozen=True)
class Explanation:
    """Everything that is on record about one prediction. `missing` says what is no longer there, and why."""

    id: str
    endpoint: str
    model: str
    version: int
    variant: str
    request: str
    key: str
    at: datetime
    latency: float
    answer: Any
    scores: dict[str, float] | None
    entities: dict[str, Any]
    features: tuple[FeatureValue, ...]
    contribution: Contribution
    replay: Replay
    label: str | None
    said: tuple[Said, ...]
    views: tuple[ReadView, ...]
    making: Making | None
    admitted: tuple[Admission, ...]
    missing: tuple[str, ...] = ()
    signals: tuple[Said, ...] = field(default=())

    def document(self) -> dict[str, Any]:
        """Plain values, instants as ISO text."""
        import msgspec

        return msgspec.to_builtins(self)
