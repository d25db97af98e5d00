from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from treadle.errors import DeclarationError
from treadle.loop import Label


def test_a_label_settles_at_once_unless_it_says_otherwise() -> None:
    assert Label("y", task="regression").settles == timedelta(0)
    assert Label("y", task="binary", final_after="36h").settles == timedelta(hours=36)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"task": "ranking"}, "task"),
        ({"task": "regression", "positive": 1}, "positive"),
        ({"task": "multiclass", "positive": "a"}, "positive"),
        ({"task": "binary", "final_after": "soon"}, "final_after"),
        ({"task": "binary", "final_after": "0h"}, "final_after"),
    ],
)
def test_a_wrong_label_names_the_field_and_the_line(said: dict[str, Any], field: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        Label("y", **said)
    assert caught.value.field == field
    assert "test_label.py:" in caught.value.where
