"""Fills the figures of the demo into the README.

    make demo ARGS="--exit --json demo.json" && python docs/demo_figures.py demo.json

Each figure has one place, between `<!-- figure: NAME -->` and `<!-- / -->`; no other is touched.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

README = Path(__file__).parents[1] / "README.md"


def figures(told: dict[str, Any]) -> dict[str, str]:
    """Each figure by its name, as it is written."""
    rollouts, turns, score = told["rollouts"], told["retrainings"], told["score"]
    careless = next((each for each in rollouts if each["by"] == "careless"), None)
    return {
        "demo-seconds": f"{sum(told['seconds'].values()):,.0f}",
        "demo-predictions": f"{told['predictions']:,}",
        "demo-dropped": f"{told['dropped_requests']:,}",
        "demo-retrainings": f"{sum(each['started_at'] is not None for each in turns)}",
        "demo-versions": f"{len(told['versions'])}",
        "demo-refusals": f"{sum(each['state'] == 'refused' for each in turns)}",
        "demo-promotions": f"{sum(each['outcome'] == 'promoted' for each in rollouts)}",
        "demo-rollbacks": f"{sum(each['outcome'] == 'rolled_back' for each in rollouts)}",
        "demo-careless": stopped(careless) if careless else "nothing",
        "demo-score": f"{score['final']:g}",
        "demo-score-sections": ", ".join(
            f"{score[name]:g}" for name in ("data", "model", "infrastructure", "monitoring")
        ),
        "demo-months": months(told["months"]),
    }


def stopped(careless: dict[str, Any]) -> str:
    """What became of the careless version."""
    answers = careless["samples"].get("challenger", 0)
    return f"its canary, after {answers:,} answers: {careless['reason'].rstrip('.')}"


def months(lived: list[dict[str, Any]]) -> str:
    """The months as a table."""
    columns: list[tuple[str, Callable[[dict[str, Any]], str]]] = [
        ("", lambda month: month["month"][:3]),
        ("late", lambda month: f"{month['positive_share']:.0%}"),
        ("ROC AUC, live", lambda month: f"{month['roc_auc']:.2f}"),
        ("answered by version", lambda month: ", ".join(map(str, month["versions"]))),
    ]
    lines = ["| " + " | ".join([title, *map(told, lived)]) + " |" for title, told in columns]
    return "\n".join(["", lines[0], "|---" * (len(lived) + 1) + "|", *lines[1:], ""])


def main(file: str) -> int:
    """Write every figure that has a place; say which has none."""
    text = README.read_text("utf-8")
    for name, value in figures(json.loads(Path(file).read_text("utf-8"))).items():
        place = re.compile(rf"(<!-- figure: {name} -->).*?(<!-- / -->)", re.DOTALL)
        text, found = place.subn(lambda hit, value=value: f"{hit[1]}{value}{hit[2]}", text)
        if found != 1:
            print(f"{name} has {found} places in {README.name}.", file=sys.stderr)
            return 1
    README.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
