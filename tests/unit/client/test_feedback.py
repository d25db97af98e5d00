"""Labels told to a server from afar."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from tests.unit.server.conftest import client_of
from treadle.client import Client, connect
from treadle.errors import InvalidInput, NotFound
from treadle.monitoring import LabelEntry, Received
from treadle.workspace import Workspace


@pytest.fixture
def far(tmp_path: Path) -> Iterator[Client]:
    """A client of a server that knows three predictions."""
    workspace = Workspace.open(tmp_path)
    rows = {"id": ["a", "b", "c"], "at": [workspace.clock.now() - timedelta(hours=2)] * 3, "p": [0.1, 0.6, 0.9]}
    workspace.observations.adopt("churn", rows, id="id", time="at", score="p", classes=["no", "yes"])
    with client_of(workspace) as http, connect("http://127.0.0.1:7717", transport=http._transport) as made:
        yield made
    workspace.close()


def test_labels_and_signals_are_told_in_one_line(far: Client) -> None:
    churn = far.endpoint("churn")
    assert churn.label({"a": "no", "b": np.str_("yes"), "z": "no"}, source="crm") == Received(3, unknown=1)
    assert churn.label([LabelEntry("a", "yes")]) == Received(1, corrections=1)
    assert churn.signal("revenue", {"a": 12.5, "b": np.int64(3)}) == Received(2)
    assert [event["value"] for event in churn.history("a")] == ["no", "yes", 12.5]
    assert churn.label_stats()["labelled"] == 2


def test_errors_are_those_of_a_local_workspace(far: Client) -> None:
    with pytest.raises(InvalidInput) as caught:
        far.endpoint("churn").label({"a": "perhaps"})
    assert caught.value.field == "labels[0].value"
    with pytest.raises(NotFound, match="churn"):
        far.endpoint("chrun").label({"a": "no"})
    with pytest.raises(InvalidInput):
        far.endpoint("churn").label(["a"])  # type: ignore[list-item]
