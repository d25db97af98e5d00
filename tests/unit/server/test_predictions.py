"""One prediction, explained over REST, to a program and on its page."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest

from tests.unit.server.conftest import Served
from treadle.client import Client
from treadle.errors import NotFound


@pytest.fixture(scope="module")
def answered(served: Served) -> str:
    """The id of a prediction that was just answered."""
    rows = [{"depot": "N", "weight": 2.0, "distance": 800.0}]
    body = {"dataframe_records": rows, "params": {"time": "2020-02-08T12:00:00Z"}}
    answer = served.client.post("/invocations?model=late-parcel", json=body)
    return answer.json()["prediction_ids"][0]


def test_rest_explains_it(served: Served, answered: str) -> None:
    found = served.json(f"/predictions/{quote(answered)}/explanation")
    assert (found["id"], found["model"], found["version"]) == (answered, "late-parcel", 2)
    assert found["replay"]["identical"] is True
    assert {each["name"] for each in found["features"]} >= {"weight", "depot_load__count_6h"}
    assert found["at"] == "2020-02-08T12:00:00Z"


def test_an_unknown_one_is_a_problem_that_says_what_to_do(served: Served) -> None:
    problem = served.json("/predictions/nope/explanation", 404)
    assert problem["detail"] == "There is no prediction 'nope'."
    assert "retention" in problem["mend"]
    assert "There is no prediction" in served.page("/predictions/nope", 404)


def test_a_client_explains_it(served: Served, answered: str) -> None:
    client = Client("http://127.0.0.1:7717", transport=served.client._transport)  # type: ignore[arg-type]
    assert client.explain(answered)["id"] == answered
    with pytest.raises(NotFound):
        client.explain("nope")


def test_the_page_says_who_what_and_why(served: Served, answered: str) -> None:
    page = served.page(f"/predictions/{quote(answered)}")
    for part in (
        "What made the answer",
        "Looked up",
        "Who promoted it",
        "equal to the last bit",
        "depot_load__late_mean_1d",
    ):
        assert part in page
    assert len(re.findall(r'<svg class="added"', page)) == 5
    assert 'href="/models/late-parcel/2"' in page


def test_the_endpoint_page_leads_there(served: Served, answered: str) -> None:
    page = served.page("/endpoints/late-parcel")
    links = re.findall(r'href="(/predictions/[^"]+)"', page)
    assert links
    assert "What made the answer" in served.page(links[0].replace("&amp;", "&"))
