"""Write a version's model card from what the rooms know about it and what people wrote down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from treadle.errors import TreadleError
from treadle.governance.card import CardSection, ModelCard

if TYPE_CHECKING:
    from treadle.evidence import Ledger
    from treadle.models import ModelStore
    from treadle.registry import ModelVersion, Registry

WRITTEN = {
    "description": "What it is",
    "intended_use": "Intended use",
    "out_of_scope": "Out of scope",
    "limitations": "Limitations",
    "ethics": "Ethical considerations",
    "owner": "Owner",
}
"""What only people can say, by the name it has in the `card` of a version."""


def model_card(version: ModelVersion, *, registry: Registry, ledger: Ledger, models: ModelStore) -> ModelCard:
    """The card of a version: details, use, data, metrics whole and by slice, gates, package; and what is missing."""
    evaluation = registry.document(version.model, version.number, "evaluation") or {}
    said = {name: str(version.card[name]) for name in WRITTEN if str(version.card.get(name, "")).strip()}
    sections = (
        _details(version, said),
        CardSection(
            "Use and limits", facts=tuple((WRITTEN[n], said[n]) for n in WRITTEN if n in said and n != "owner")
        ),
        _data(version, evaluation),
        _metrics(evaluation, version.metrics),
        _slices(evaluation),
        _gates(version, ledger),
        _package(version, models),
    )
    missing = tuple(WRITTEN[name].lower() for name in WRITTEN if name not in said)
    return ModelCard(str(version), tuple(s for s in sections if not s.empty), missing)


def _details(version: ModelVersion, said: Mapping[str, str]) -> CardSection:
    facts = [
        ("Version", str(version)),
        ("Status", version.status),
        ("Made", f"{version.created_at:%Y-%m-%d %H:%M} UTC by {version.principal}"),
        ("Made because", version.trigger),
        ("Declared in", version.source),
        ("Owner", said.get("owner", "")),
        ("Candidate", str(version.card.get("candidate", ""))),
        ("Task", _task(version.card)),
    ]
    params = version.card.get("params")
    if isinstance(params, Mapping):
        facts += [(f"Parameter {name}", _number(value)) for name, value in sorted(params.items())]
    return CardSection("Model details", facts=tuple((name, value) for name, value in facts if value))


def _task(card: Mapping[str, Any]) -> str:
    task, label = str(card.get("task", "")), str(card.get("label", ""))
    return f"{task} of {label}" if task and label else task


def _data(version: ModelVersion, evaluation: Mapping[str, Any]) -> CardSection:
    facts = [("Trained on", version.dataset or ""), ("Evaluated on", str(evaluation.get("dataset", "")))]
    if evaluation.get("n"):
        facts.append(("Evaluation rows", f"{evaluation['n']:,}"))
    return CardSection("Data", facts=tuple((name, value) for name, value in facts if value))


def _metrics(evaluation: Mapping[str, Any], plain: Mapping[str, Any]) -> CardSection:
    found = evaluation.get("metrics") or plain
    rows = [(name, *_estimate(value)) for name, value in found.items()]
    return CardSection("Metrics", head=("metric", "value", "95 % interval"), rows=tuple(rows))


def _slices(evaluation: Mapping[str, Any]) -> CardSection:
    parts: Sequence[Mapping[str, Any]] = evaluation.get("slices") or ()
    names = list(dict.fromkeys(name for part in parts for name in part.get("metrics", {})))
    if not names:
        return CardSection("By slice")
    first = next((name for name in ("roc_auc", "accuracy", "r2") if name in names), names[0])
    rows = [
        (f"{part['column']} = {part['value']}", f"{part['n']:,}", *_estimate(part["metrics"].get(first)))
        for part in parts
    ]
    return CardSection("By slice", head=("slice", "rows", first, "95 % interval"), rows=tuple(rows))


def _gates(version: ModelVersion, ledger: Ledger) -> CardSection:
    latest = {record.check: record for record in ledger.latest(version.subject)}
    rows = []
    for name in version.gates:
        record = latest.get(name)
        rows.append((name, record.verdict.status, record.verdict.summary) if record else (name, "missing", ""))
    return CardSection("Gates", head=("gate", "verdict", "what was found"), rows=tuple(rows))


def _package(version: ModelVersion, models: ModelStore) -> CardSection:
    try:
        package = models.load(version.digest)
    except TreadleError as error:
        return CardSection("Package", text=(error.message,))
    facts = [("Format", package.format), ("Digest", version.digest), ("Inputs", ", ".join(package.signature.names))]
    if package.signature.classes:
        facts.append(("Classes", ", ".join(package.signature.classes)))
    if package.parity is not None:
        facts.append(("Parity", package.parity.reason))
    if package.reason:
        facts.append(("Not ONNX, because", package.reason))
    return CardSection("Package", facts=tuple(facts))


def _estimate(value: Any) -> tuple[str, str]:
    if isinstance(value, Mapping):
        return _number(value.get("value")), f"{_number(value.get('low'))} to {_number(value.get('high'))}"
    return _number(value), ""


def _number(value: Any) -> str:
    return "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)
