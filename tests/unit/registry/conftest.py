"""A registry over the ground floor, in every dialect."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from treadle.evidence import Evidence, Subject, Verdict
from treadle.registry import ModelVersion, Registry
from treadle.testing import Ground

GATE = "at_least(roc_auc, 0.65)"


@dataclass
class Bench:
    """A registry with the rooms it stands on."""

    ground: Ground

    def registry(self, environment: str = "development", hooks: tuple[object, ...] = ()) -> Registry:
        return Registry(
            self.ground.database,
            self.ground.ledger,
            self.ground.references,
            project=self.ground.project,
            environment=environment,
            clock=self.ground.clock,
            ids=self.ground.ids,
            hooks=hooks,  # type: ignore[arg-type]
        )

    def version(self, data: bytes = b"model", *, gates: tuple[str, ...] = (GATE,), **more: object) -> ModelVersion:
        digest = self.ground.artifacts.put(data)
        return self.registry().create_version("late", digest, gates=gates, **more)  # type: ignore[arg-type]

    def verdict(self, version: ModelVersion, passed: bool, check: str = GATE, **more: object) -> Evidence:
        verdict = Verdict.of(passed, value=0.7 if passed else 0.6, threshold=0.65, summary="As measured.")
        return self.ground.ledger.record(check, "candidate", version.subject, verdict, **more)  # type: ignore[arg-type]

    def good(self, data: bytes) -> ModelVersion:
        version = self.version(data)
        self.verdict(version, True)
        return version

    def about(self, version: ModelVersion, check: str) -> list[Evidence]:
        return self.ground.ledger.find(subject=Subject("model_version", str(version)), check=check)


@pytest.fixture
def bench(ground: Ground) -> Bench:
    return Bench(ground)
