"""Feature views as they are online."""

from __future__ import annotations

import pytest

from tests.unit.server.conftest import Served
from treadle.errors import InvalidInput, NotFound
from treadle.server.online import freshness, lookup


def test_a_view_says_as_of_when_it_holds_values(served: Served) -> None:
    (view,) = freshness(served.workspace)
    assert view.view.name == "depot_load"
    assert view.entities == 4
    assert view.as_of is not None
    assert view.as_of <= served.workspace.clock.now()
    assert view.status == "fresh"


def test_values_are_looked_up_as_a_request_would_get_them(served: Served) -> None:
    found = lookup(served.workspace, "depot_load", {"depot": "N"}, "2020-02-08T13:00:00Z")
    expected = served.workspace.feature_store.get_online_features(
        [next(v.view for v in freshness(served.workspace))], [{"depot": "N"}], at=_moment("2020-02-08T13:00:00Z")
    )
    assert found == expected[0]
    assert set(found) == {"depot_load__late_mean_1d", "depot_load__count_6h"}


def test_what_is_missing_or_wrong_is_named(served: Served) -> None:
    with pytest.raises(InvalidInput) as caught:
        lookup(served.workspace, "depot_load", {})
    assert caught.value.field == "depot"
    with pytest.raises(NotFound, match="Did you mean 'depot_load'"):
        lookup(served.workspace, "depot_laod", {"depot": "N"})
    with pytest.raises(InvalidInput):
        lookup(served.workspace, "depot_load", {"depot": "N"}, "soon")


def _moment(text: str):
    from treadle.clock import parse_moment

    return parse_moment(text)
