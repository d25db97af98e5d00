"""Charts say what was measured."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from treadle.rollouts import Figures, Look
from treadle.server.web.charts.rollouts import LEAST, p_values

BEGUN = datetime(2024, 1, 1, tzinfo=UTC)


def drawn(*told: float | None, alpha: float = 0.005) -> tuple[list[dict[str, Any]], list[float]]:
    """The points of the p-values' line, and the least and most its axis shows."""
    looks = [Look(n, BEGUN + timedelta(hours=n), 0, 0.5, Figures(p_value=p)) for n, p in enumerate(told)]
    line = p_values(looks, alpha)["layer"][1]
    return line["data"]["values"], line["encoding"]["y"]["scale"]["domain"]


def test_a_p_value_of_zero_is_the_least_there_is_and_none_is_one() -> None:
    points, axis = drawn(None, 0.4, 0.0)
    assert [point["p"] for point in points] == [1.0, 0.4, LEAST]
    assert [point["exact"] for point in points] == [1.0, 0.4, 0.0]
    assert axis == [LEAST, 1]


def test_a_p_value_of_zero_is_drawn_below_every_level() -> None:
    points, axis = drawn(0.4, 0.0, alpha=LEAST / 100)
    assert axis[0] <= points[1]["p"] < LEAST / 100
