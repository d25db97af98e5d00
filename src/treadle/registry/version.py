"""A version of a registered model: what was made, from what, and what it must prove."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from treadle.evidence import Subject
    from treadle.lineage import Ref

VersionStatus = Literal["candidate", "champion", "archived", "refused"]


@dataclass(frozen=True)
class ModelVersion:
    """One registered version; everything but `status` and `aliases` stays as it was made.

    `digest` names the package among the artifacts, `gates` the checks whose evidence a promotion reads. `status` follows from
    what happened since: `refused` by somebody, holding the alias `champion`, `archived` after holding it, else `candidate`.
    """

    model: str
    number: int
    digest: str
    created_at: datetime
    status: VersionStatus = "candidate"
    aliases: tuple[str, ...] = ()
    gates: tuple[str, ...] = ()
    metrics: Mapping[str, Any] = field(default_factory=dict)
    card: Mapping[str, Any] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    run: str | None = None
    execution: str | None = None
    dataset: str | None = None
    principal: str = "system"
    trigger: str = ""
    source: str = ""
    refused_why: str = ""

    def __str__(self) -> str:
        return f"{self.model}@{self.number}"

    @property
    def ref(self) -> Ref:
        """Its place in the lineage."""
        from treadle.lineage import Ref

        return Ref("model_version", str(self))

    @property
    def subject(self) -> Subject:
        """What evidence about it is recorded under."""
        from treadle.evidence import Subject

        return Subject("model_version", str(self))

    def _repr_html_(self) -> str:
        rows = {
            "status": self.status,
            "aliases": ", ".join(self.aliases) or "—",
            "made": f"{self.created_at:%Y-%m-%d %H:%M} UTC",
            "dataset": self.dataset or "—",
            "package": self.digest[:12],
            **{name: _number(value) for name, value in self.metrics.items()},
        }
        body = "".join(
            f"<tr><th style='text-align:left'>{escape(k)}</th><td>{escape(v)}</td></tr>" for k, v in rows.items()
        )
        return f"<table><caption>{escape(str(self))}</caption>{body}</table>"


def _number(value: Any) -> str:
    inner = value.get("value") if isinstance(value, Mapping) else value
    return f"{inner:.4g}" if isinstance(inner, int | float) else str(inner)
