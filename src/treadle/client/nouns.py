"""From what REST answers to the rooms' own nouns."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from treadle.clock import parse_moment

if TYPE_CHECKING:
    from treadle.datasets import DatasetVersion
    from treadle.evidence import Decision, Evidence
    from treadle.registry import ModelVersion, Promotion, RegisteredModel
    from treadle.tracking import Run

Body = Mapping[str, Any]


def model_of(body: Body) -> RegisteredModel:
    """A registered model."""
    from treadle.registry import RegisteredModel

    return RegisteredModel(
        name=body["name"],
        created_at=parse_moment(body["created_at"]),
        updated_at=parse_moment(body["updated_at"]),
        versions=body["versions"],
        latest=body["latest"],
        aliases=body["aliases"],
    )


def version_of(body: Body) -> ModelVersion:
    """A model version."""
    from treadle.registry import ModelVersion

    return ModelVersion(
        model=body["model"],
        number=body["version"],
        digest=body["digest"],
        created_at=parse_moment(body["created_at"]),
        status=body["status"],
        aliases=tuple(body["aliases"]),
        gates=tuple(body["gates"]),
        **{name: body[name] for name in _SAME if name in body},
    )


_SAME = ("metrics", "card", "tags", "run", "execution", "dataset", "principal", "trigger", "source", "refused_why")


def promotion_of(body: Body) -> Promotion:
    """A promotion or rollback."""
    from treadle.registry import Promotion

    return Promotion(**{**body, "evidence": tuple(body["evidence"]), "at": parse_moment(body["at"])})


def decision_of(body: Body) -> Decision:
    """What the ledger says about gates."""
    from treadle.evidence import Decision

    lists = {name: tuple(body[name]) for name in ("missing", "failed", "warned", "reasons")}
    return Decision(passed=body["passed"], **lists)


def evidence_of(body: Body) -> Evidence:
    """A record of the ledger."""
    from treadle.evidence import Evidence, Subject, Verdict

    return Evidence(
        id=body["id"],
        sequence=body["sequence"],
        check=body["check"],
        stage=body["stage"],
        subject=Subject(**body["subject"]),
        verdict=Verdict(body["status"], body["value"], body["threshold"], body["summary"], body["detail"]),
        recorded_at=parse_moment(body["recorded_at"]),
        business_at=parse_moment(body["business_at"]),
        principal=body["principal"],
        execution=body["execution"],
        reaction=body["reaction"],
        expires_at=_moment(body["expires_at"]),
        previous=body["previous"],
        digest=body["digest"],
        erased=body["erased"],
    )


def run_of(body: Body) -> Run:
    """A run."""
    from treadle.tracking import Run

    moments = {"started_at": parse_moment(body["started_at"]), "finished_at": _moment(body["finished_at"])}
    return Run(**{**body, **moments})


def dataset_of(body: Body) -> DatasetVersion:
    """A dataset version."""
    from treadle.datasets import Column, DatasetVersion

    return DatasetVersion(
        dataset=body["dataset"],
        number=body["version"],
        fingerprint=body["fingerprint"],
        rows=body["rows"],
        columns=tuple(Column(column["name"], column["type"]) for column in body["columns"]),
        table_version=body["table_version"],
        created_at=parse_moment(body["created_at"]),
        files=tuple(body["files"]),
        note=body["note"],
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else parse_moment(text)
