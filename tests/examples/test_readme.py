"""The README shows the very file that the demo runs."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_page_in_the_readme_is_the_flights_example() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    shown = readme.split("<!-- loop.py -->\n```python\n")[1].split("```\n<!-- end -->")[0]
    assert shown == (ROOT / "examples" / "flights" / "loop.py").read_text("utf-8")


def test_every_file_the_readme_links_to_is_there() -> None:
    import re

    for target in re.findall(r"\]\(([^)#:]+)\)", (ROOT / "README.md").read_text("utf-8")):
        assert (ROOT / target).exists(), target


def test_each_figure_of_the_demo_has_one_place() -> None:
    import importlib.util

    spec = importlib.util.spec_from_file_location("demo_figures", ROOT / "docs" / "demo_figures.py")
    assert spec is not None
    assert spec.loader is not None
    filling = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(filling)
    month = {"month": "April", "positive_share": 0.28, "roc_auc": 0.71, "versions": [1, 2]}
    careless = {"by": "careless", "outcome": "rolled_back", "samples": {"challenger": 223}, "reason": "It is worse."}
    told = {
        "seconds": {"live": 195.2, "tell": 1.4},
        "predictions": 255_987,
        "dropped_requests": 0,
        "retrainings": [
            {"started_at": "2013-05-01T10:00:00Z", "state": "refused"},
            {"started_at": None, "state": "held"},
        ],
        "versions": [{}, {}],
        "rollouts": [careless],
        "score": {"data": 5.0, "model": 5.5, "infrastructure": 7.0, "monitoring": 7.0, "final": 5.0},
        "months": [month],
    }
    found = filling.figures(told)
    assert (found["demo-seconds"], found["demo-retrainings"], found["demo-refusals"]) == ("197", "1", "1")
    assert found["demo-careless"] == "its canary, after 223 answers: It is worse"
    assert "| ROC AUC, live | 0.71 |" in found["demo-months"]
    readme = (ROOT / "README.md").read_text("utf-8")
    assert {name: readme.count(f"<!-- figure: {name} -->") for name in found} == dict.fromkeys(found, 1)
