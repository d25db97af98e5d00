"""What is known about a candidate when its gates are asked."""

from __future__ import annotations

from dataclasses import dataclass

from treadle.evaluation.comparison import Comparison
from treadle.evaluation.evaluation import Evaluation
from treadle.models import Parity


@dataclass(frozen=True)
class CandidateContext:
    """A candidate's evaluation beside the baseline's, a simpler model's and the champion's, on the same rows.

    Each comparison has the candidate as `a`. `champion` is None while nothing is promoted. `parity` is the certificate of the
    packaged file, and `format` what it was packaged as. `reproducible` says whether training twice gave the same model (None:
    not tried), with `reproduction` in words.
    """

    evaluation: Evaluation
    baseline: Evaluation | None = None
    champion: Evaluation | None = None
    comparison_to_baseline: Comparison | None = None
    comparison_to_champion: Comparison | None = None
    simple: Evaluation | None = None
    comparison_to_simple: Comparison | None = None
    parity: Parity | None = None
    format: str = "onnx"
    reproducible: bool | None = None
    reproduction: str = ""
