"""Where the page of a thing is, by its kind and id."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from treadle.evidence import Subject

_ICONS = {
    "dataset_version": "data",
    "source": "ingest",
    "artifact": "file",
    "execution": "executions",
    "step": "executions",
    "run": "runs",
    "model_version": "models",
    "feature_view": "features",
    "endpoint": "endpoints",
    "evidence": "evidence",
    "rollout": "release",
    "loop": "loop",
}


def subject_link(kind: str, id: str) -> str:
    """The address of the page, or nothing when there is none."""
    name, at, number = id.rpartition("@")
    if kind == "dataset_version" and at:
        return f"/datasets/{quote(name)}/{quote(number)}"
    if kind == "model_version" and at:
        return f"/models/{quote(name)}/{quote(number)}"
    if kind == "source":
        return f"/datasets/{quote(id)}"
    if kind == "execution" and ":" not in id:
        return f"/executions/{quote(id)}"
    if kind == "step":
        execution, _, step = id.partition("/")
        return f"/executions/{quote(execution)}#{quote(step)}"
    pages = {
        "run": "runs",
        "feature_view": "features",
        "endpoint": "endpoints",
        "evidence": "evidence",
        "rollout": "rollouts",
        "loop": "loops",
    }
    return f"/{pages[kind]}/{quote(id)}" if kind in pages else ""


def loop_of(subject: Subject) -> str:
    """The loop whose endpoint, model version or own self it is; nothing for what belongs to no single loop."""
    if subject.kind in ("endpoint", "loop"):
        return subject.id
    return subject.id.partition("@")[0] if subject.kind == "model_version" else ""


def concerns(subject: Subject, loop: str) -> bool:
    """Whether it is this loop's or nobody's in particular, not another's."""
    return loop_of(subject) in ("", loop)


def subject_icon(kind: str) -> str:
    """The icon of a kind of thing."""
    return _ICONS.get(kind, "file")
