"""Tests for machine-learning infrastructure."""

from __future__ import annotations

from treadle.readiness.rubric import Need, Test

INFRASTRUCTURE = (
    Test(
        "infrastructure",
        1,
        "Training is reproducible",
        "Does training twice on the same data give the same model?",
        (Need(("reproducible", "training_reproduced")),),
        "treadle score run training_reproduced",
        "fix seeds and threads of the candidates it names",
    ),
    Test(
        "infrastructure",
        2,
        "Model specs are unit tested",
        "Does every candidate train, learn and answer on a handful of rows?",
        (Need(("model_spec_tested",)),),
        "treadle score run model_spec_tested",
        "mend the candidates it names",
    ),
    Test(
        "infrastructure",
        3,
        "The ML pipeline is integration tested",
        "Does the whole pipeline run from the source to an answer, again and again?",
        (Need(("pipeline_integrated",)),),
        "treadle score run pipeline_integrated",
        "mend the step it names",
    ),
    Test(
        "infrastructure",
        4,
        "Model quality is validated before serving",
        "Is no version served that did not pass its gates?",
        (
            Need(("better_than_baseline",), holds=False, about=("model_version",)),
            Need(("not_worse_than_champion",), holds=False, about=("model_version",)),
            Need(("promotion", "refusal"), holds=False, about=("model_version",)),
        ),
        "treadle run",
    ),
    Test(
        "infrastructure",
        5,
        "The model is debuggable",
        "Can one answer be followed step by step, and does the replay give it again?",
        (Need(("prediction_debugged",)),),
        "treadle score run prediction_debugged",
        "look at the answers it shows: their version, its package or its rows are not as they were",
    ),
    Test(
        "infrastructure",
        6,
        "Models are canaried before serving",
        "Does a new version get some of the traffic first, and is it watched meanwhile?",
        (Need(("canary",), holds=False),),
        "declare rollout=td.rollouts.Canary(…) and `treadle run`",
    ),
    Test(
        "infrastructure",
        7,
        "Serving models can be rolled back",
        "Was going back to the version before tried, and how long did it take?",
        (Need(("rollback_drill",)),),
        "treadle rollouts drill MODEL, or let `treadle controller` do it",
        "see why the version before did not answer in time: `treadle rollouts show`",
    ),
)
