"""Tests for features and data."""

from __future__ import annotations

from treadle.readiness.rubric import Need, Test

DATA = (
    Test(
        "data",
        1,
        "Feature expectations are captured in a schema",
        "Is what is expected of the data written down, and is every dataset held against it?",
        (
            Need(("schema_holds",), holds=False, about=("dataset_version",)),
            Need(("values_expected",), holds=False, about=("dataset_version",)),
            Need(("distribution_stable",), holds=False, about=("dataset_version",)),
        ),
        "treadle run",
    ),
    Test(
        "data",
        2,
        "All features are beneficial",
        "Does every feature add to the predictive power?",
        (Need(("feature_benefit",)),),
        "treadle score run feature_benefit",
        "leave out the features it names, or give the model more rows to learn what they are good for",
    ),
    Test(
        "data",
        3,
        "No feature's cost is too much",
        "Is no feature too slow or too dear for what it adds?",
        (Need(("feature_cost",)),),
        "treadle score run feature_cost",
        "give the views it names a longer `every`, shorter windows, or leave them out",
    ),
    Test(
        "data",
        4,
        "Features adhere to meta-level requirements",
        "Does every feature keep the project's rules about where features may come from?",
        (Need(("feature_requirements",)),),
        "treadle score run feature_requirements",
        "change or leave out the features it names",
    ),
    Test(
        "data",
        5,
        "The data pipeline has appropriate privacy controls",
        "Is personal data kept out of features, and is what the pipeline keeps closed to others?",
        (Need(("privacy_controls",)),),
        "treadle score run privacy_controls",
        "take what it names out of the features, or close the folders to others",
    ),
    Test(
        "data",
        6,
        "New features can be added quickly",
        "How long is it from the idea of a feature to its use in an answer?",
        (Need(("feature_added",)),),
        "treadle score run feature_added",
        "make the pipeline faster: fewer rows, fewer candidates, a view with shorter windows",
    ),
    Test(
        "data",
        7,
        "All input feature code is tested",
        "Does feature code give what an independent calculation gives, and never look ahead?",
        (Need(("feature_code_tested",)),),
        "treadle score run feature_code_tested",
        "look at the first difference it shows: the view, or the source's `created` and `known` columns, say otherwise than meant",
    ),
)
