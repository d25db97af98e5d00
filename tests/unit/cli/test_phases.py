from __future__ import annotations

import pytest

from treadle.cli import output
from treadle.cli.phases import Phases


@pytest.fixture(autouse=True)
def plain_console():
    output._console.cache_clear()
    yield
    output._console.cache_clear()


def test_a_line_for_each_finished_phase_and_its_seconds(capsys):
    with Phases([("one", "First"), ("two", "Second"), ("three", "Third")]) as phases:
        with phases.phase("one") as phase:
            phase.say("336,776 rows")
        phases.begin("two")
        phases.end("two", "reused", seconds=0.0)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert "First" in lines[0]
    assert "336,776 rows" in lines[0]
    assert "reused" in lines[1]
    assert phases.seconds.keys() == {"one", "two"}
    assert phases.seconds["two"] == 0.0


def test_a_phase_that_raises_is_shown_as_failed(capsys):
    with pytest.raises(ValueError, match="torn"), Phases([("one", "First")]) as phases, phases.phase("one"):
        raise ValueError("torn")
    assert "✗ First" in capsys.readouterr().err
