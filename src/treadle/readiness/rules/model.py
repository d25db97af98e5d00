"""Tests for model development."""

from __future__ import annotations

from treadle.readiness.rubric import Need, Test

MODEL = (
    Test(
        "model",
        1,
        "Model specs are reviewed and submitted",
        "Is what declares the model reviewed by somebody else and checked into version control?",
        (Need(("model_spec_submitted",)),),
        "treadle score run model_spec_submitted",
        "commit the loop file with a `Reviewed-by:` of somebody else",
    ),
    Test(
        "model",
        2,
        "Offline and online metrics correlate",
        "Does a gain in the metric of the evaluation mean a gain in what the product is for?",
        (Need(("offline_online_correlation",)),),
        "treadle score run offline_online_correlation",
        "choose another metric or loss, or another signal for what the product is for",
    ),
    Test(
        "model",
        3,
        "All hyperparameters have been tuned",
        "Were the settings of the model searched for, and was the best one taken?",
        (Need(("hyperparameters_tuned",)),),
        "treadle score run hyperparameters_tuned",
        "add search=td.Search({…}) with parameters of the candidate that serves",
    ),
    Test(
        "model",
        4,
        "The impact of model staleness is known",
        "How much worse does a model get with age?",
        (Need(("staleness_curve",)),),
        "treadle score run staleness_curve",
    ),
    Test(
        "model",
        5,
        "A simpler model is not better",
        "Does the model do better than a simple one on the same rows?",
        (Need(("better_than_simple",), about=("model_version",)),),
        "treadle run",
        "serve the simpler model, or give the candidate features that pay for it",
    ),
    Test(
        "model",
        6,
        "Model quality is sufficient on important data slices",
        "Is the model good everywhere, not only on average?",
        (Need(("slices",), about=("model_version",)),),
        'add td.checks.Slices("column") to gates and `treadle run`',
        "bring more rows of the slice it names, or features that tell it apart",
    ),
    Test(
        "model",
        7,
        "The model is tested for considerations of inclusion",
        "Are groups of people or places treated alike?",
        (Need(("fair",), about=("model_version",)),),
        'add td.checks.Fair("column") to gates and `treadle run`',
        "look at the groups it names: more rows of the worse one, or another threshold",
    ),
)
