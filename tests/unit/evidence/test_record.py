"""Evidence and checkpoints as nouns."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from treadle.errors import InvalidInput
from treadle.evidence import Checkpoint

AT = datetime(2013, 4, 1, 6, 30, tzinfo=UTC)
DIGEST = "ab" * 32


@pytest.mark.parametrize("project", ["p", "a project with spaces"])
def test_a_checkpoint_is_read_back_as_it_was_written(project: str) -> None:
    checkpoint = Checkpoint(project, 12, DIGEST, AT)
    assert str(checkpoint) == f"treadle-checkpoint 12 {DIGEST} 2013-04-01T06:30:00+00:00 {project}"
    assert Checkpoint.parse(f"  {checkpoint}\n") == checkpoint


def test_a_checkpoint_of_another_zone_is_the_same_instant() -> None:
    moment = AT.astimezone(timezone(timedelta(hours=2)))
    assert Checkpoint.parse(str(Checkpoint("p", 1, DIGEST, moment))).at == AT


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        f"checkpoint 1 {DIGEST} 2013-04-01 p",
        f"treadle-checkpoint x {DIGEST} 2013-04-01 p",
        f"treadle-checkpoint -1 {DIGEST} 2013-04-01 p",
        "treadle-checkpoint 1 abc 2013-04-01 p",
        f"treadle-checkpoint 1 {DIGEST} yesterday p",
        f"treadle-checkpoint 1 {DIGEST} 2013-04-01",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Checkpoint.parse(text)
    assert caught.value.field == "anchor"
