"""Answer the auditor: why was this predicted, by which version, made of what, let in by whom, and would it answer so again?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from treadle.clock import from_micros, micros
from treadle.errors import NotFound, TreadleError
from treadle.governance.explanation import (
    Admission,
    Contribution,
    Data,
    Explanation,
    FeatureValue,
    Making,
    Proof,
    ReadView,
    Said,
)
from treadle.governance.replaying import replay

if TYPE_CHECKING:
    from treadle.datasets import Datasets
    from treadle.evidence import Evidence, Ledger
    from treadle.features import OnlineStore
    from treadle.lineage import Lineage
    from treadle.models import ModelStore
    from treadle.monitoring import LabelEvent, Observations, Observed
    from treadle.pipelines import Pipelines
    from treadle.registry import ModelVersion, Registry
    from treadle.rollouts import Rollouts
    from treadle.serving import PredictionRecord

_COMPARED = 200  # rows of the log that an answer is compared with where the model cannot tell by itself
_AROUND = timedelta(days=30)


class Explanations:
    """Puts together what the rooms know about one prediction.

    Nothing is changed but the index of the log, which is brought up to date when it does not know the prediction yet.
    """

    def __init__(
        self,
        observations: Observations,
        registry: Registry,
        ledger: Ledger,
        models: ModelStore,
        datasets: Datasets,
        online: OnlineStore,
        pipelines: Pipelines,
        lineage: Lineage,
        rollouts: Rollouts,
        endpoints: Callable[[], Iterable[str]],
    ) -> None:
        self._observations, self._registry, self._ledger, self._models = observations, registry, ledger, models
        self._datasets, self._online, self._pipelines, self._lineage = datasets, online, pipelines, lineage
        self._rollouts, self._endpoints = rollouts, endpoints

    def explain(self, prediction_id: str, endpoint: str | None = None) -> Explanation:
        """Everything on record about a prediction; `NotFound` when nobody answered with this id, or nothing is kept of it."""
        observed = self._found(prediction_id, endpoint)
        record, missing = observed.record, []
        try:
            version = self._registry.get(record.model, record.version)
        except NotFound as error:
            version = None
            missing.append(f"The version that answered is not in the registry: {error.message}")
        if not record.features:
            missing.append(
                "The log holds no features of this prediction: its segment was deleted by retention, or none were given."
            )
        plan = {} if version is None else self._document(version, "lookup")
        contribution, added = self._contribution(record, version)
        return Explanation(
            id=record.id,
            endpoint=record.endpoint,
            model=record.model,
            version=record.version,
            variant=record.variant,
            request=record.request,
            key=record.key,
            at=record.at,
            latency=record.latency,
            answer=record.label,
            scores=record.scores,
            entities=record.entities,
            features=_features(record, plan, added),
            contribution=contribution,
            replay=replay(record, "" if version is None else version.digest, self._models),
            label=observed.label,
            said=tuple(map(_said, observed.labels)),
            signals=tuple(map(_said, observed.signals)),
            views=tuple(self._view(view, record) for view in plan.get("views", ())),
            making=None if version is None else self._making(version, missing),
            admitted=self._admitted(record, missing),
            missing=tuple(missing),
        )

    def _found(self, prediction_id: str, endpoint: str | None) -> Observed:
        try:
            return self._observations.find(prediction_id, endpoint)
        except NotFound:  # it may have been answered since the log was last collected
            for name in self._endpoints() if endpoint is None else [endpoint]:
                self._observations.collect(name)
        return self._observations.find(prediction_id, endpoint)

    def _document(self, version: ModelVersion, name: str) -> Mapping[str, Any]:
        try:
            return self._registry.document(version.model, version.number, name) or {}
        except NotFound:
            return {}

    def _contribution(
        self, record: PredictionRecord, version: ModelVersion | None
    ) -> tuple[Contribution, dict[str, float]]:
        if version is None or not record.features:
            return Contribution(note="There is nothing left to explain it with."), {}
        from treadle.training import explain_package

        try:
            package = self._models.load(version.digest)
            others = {} if "trees" in package.files else self._others(record, version, package.signature.names)
            found = explain_package(package, self._models, record.features, others)
        except TreadleError as error:
            return Contribution(note=error.message), {}
        added = dict(zip(found.features, found.values[0].tolist(), strict=True))
        base = float(found.base[0])
        return Contribution(found.method, found.unit, base, base + sum(added.values())), added

    def _others(self, record: PredictionRecord, version: ModelVersion, names: Sequence[str]) -> dict[str, Any]:
        """Rows to compare with: some the version was made from, or, where these are not kept, of the month before in the log."""
        from treadle.models import columns_of

        try:
            made_from = self._pipelines.get(version.execution or "").output("split")
            step = max(1, made_from.num_rows // _COMPARED)
            signature = self._models.load(version.digest).signature
            return {name: values[::step][:_COMPARED] for name, values in columns_of(made_from, signature).items()}
        except TreadleError:  # it came from elsewhere, or was pruned
            return self._logged_before(record, names)

    def _logged_before(self, record: PredictionRecord, names: Iterable[str]) -> dict[str, Any]:
        import pyarrow.compute as pc

        end = record.at + timedelta(microseconds=1)
        rows = self._observations.features(record.endpoint, end - _AROUND, end, limit=_COMPARED)
        rows = rows.filter(pc.field("id") != record.id)
        return {name: rows[name].to_numpy(zero_copy_only=False) for name in names if name in rows.column_names}

    def _view(self, view: Mapping[str, Any], record: PredictionRecord) -> ReadView:
        """Which rows the view's values were made of: the stretch of the online store's watermarks the answer fell into."""
        entity = {name: record.entities.get(name, record.features.get(name)) for name in view["entity"]}
        moment = micros(record.at)
        before = [stretch for stretch in self._online.origins(view["table"]) if stretch.first <= moment]
        if not before:
            return ReadView(view["name"], entity, "", "", None, "The online store no longer says what it held then.")
        dataset, _, fingerprint = before[-1].rows.partition(" ")
        return ReadView(view["name"], entity, dataset, fingerprint, from_micros(min(before[-1].last, moment)))

    def _making(self, version: ModelVersion, missing: list[str]) -> Making:
        as_of, code = "", ""
        if version.execution:
            try:
                execution = self._pipelines.get(version.execution)
                as_of = str(execution.params.get("as_of", ""))
                code = next((step.cache_key or "" for step in execution.steps if step.name == "train"), "")
            except NotFound:
                missing.append(f"The record of execution {version.execution} has expired.")
        names = [ref.id for ref in self._lineage.upstream(version.ref).of_kind("dataset_version")]
        wanted: dict[str, None] = dict.fromkeys([version.dataset, *names] if version.dataset else names)
        return Making(
            at=version.created_at,
            by=version.principal,
            trigger=version.trigger,
            declared=version.source,
            execution=version.execution or "",
            as_of=as_of,
            code=code,
            package=version.digest,
            data=tuple(self._data(name, missing) for name in wanted),
            gates=tuple(map(_proof, self._registry.evidence(version))),
        )

    def _data(self, reference: str, missing: list[str]) -> Data:
        try:
            found = self._datasets.find(reference)
        except TreadleError:
            missing.append(f"The rows of {reference} were erased or have expired.")
            return Data(reference, "", None, None, False)
        return Data(reference, found.fingerprint, found.rows, found.created_at, True)

    def _admitted(self, record: PredictionRecord, missing: list[str]) -> tuple[Admission, ...]:
        """The newest move that brought the version in before it answered, and the rollouts in flight then.

        A model that learned from the past can have been promoted, in business time, after the past it answers about: then its first
        move counts.
        """
        found: list[Admission] = []
        try:
            moves = self._registry.history(record.model)
        except NotFound:
            moves = []
        own = [move for move in moves if move.to_version == record.version]
        move = next((m for m in own if m.at <= record.at), own[-1] if own else None)
        if move is not None:
            proofs = tuple(map(_proof, self._records(move.evidence, missing)))
            found.append(Admission(move.kind, move.id, move.at, move.who, move.why, move.override, proofs))
        for rollout in self._rollouts.list(record.model):
            in_flight = rollout.started_at <= record.at and (rollout.ended_at is None or record.at <= rollout.ended_at)
            if in_flight or rollout.id == record.rollout:
                proofs = tuple(map(_proof, self._rollouts.evidence(rollout.id)))
                why = rollout.reason or rollout.why
                found.append(Admission("rollout", rollout.id, rollout.started_at, rollout.by, why, "", proofs))
        return tuple(found)

    def _records(self, ids: Iterable[str], missing: list[str]) -> list[Evidence]:
        found = []
        for one in ids:
            try:
                found.append(self._ledger.get(one))
            except NotFound:
                missing.append(f"The ledger has no record {one}, on which the version was let in.")
        return found


def _features(
    record: PredictionRecord, plan: Mapping[str, Any], added: Mapping[str, float]
) -> tuple[FeatureValue, ...]:
    """The features, those that added most first."""
    origins = {f"{view['name']}__{name}": view["name"] for view in plan.get("views", ()) for name in view["features"]}
    lines = [FeatureValue(n, v, origins.get(n, "request"), added.get(n)) for n, v in record.features.items()]
    return tuple(sorted(lines, key=lambda line: (-abs(line.added or 0.0), line.name)))


def _said(event: LabelEvent) -> Said:
    return Said(event.name, event.value, event.at, event.received_at, event.source)


def _proof(evidence: Evidence) -> Proof:
    verdict = evidence.verdict
    summary = "The body of this record was erased." if evidence.erased else verdict.summary
    return Proof(evidence.id, evidence.check, verdict.status, verdict.value, verdict.threshold, summary)
