"""What a server of whatever kind answers becomes one of our errors."""

from __future__ import annotations

import httpx
import pytest

from treadle import errors
from treadle.client.wire import Wire, error_of
from treadle.server.problem import problem_of


def _tree(family: type[errors.TreadleError]) -> list[type[errors.TreadleError]]:
    return [family, *(below for narrower in family.__subclasses__() for below in _tree(narrower))]


@pytest.mark.parametrize("family", [f for f in _tree(errors.TreadleError) if f.__module__ == errors.__name__])
def test_every_error_survives_the_way_there_and_back(family: type[errors.TreadleError]) -> None:
    import msgspec

    problem = problem_of(family("It is wrong.", mend="Mend it.", field="x", where="loop.py:3"))
    back = error_of(problem.status, msgspec.json.encode(problem.body()))
    assert type(back) is family
    assert (back.message, back.mend, back.field, back.where) == ("It is wrong.", "Mend it.", "x", "loop.py:3")


@pytest.mark.parametrize(
    ("status", "content", "family"),
    [
        (400, b'{"error": "The model reads no input.", "field": "x"}', errors.InvalidInput),
        (404, b"", errors.NotFound),
        (401, b"<html>", errors.Unauthenticated),
        (502, b"\xff\xfe", errors.Unavailable),
        (503, b"[1, 2]", errors.Unavailable),
        (500, b'{"type": "urn:treadle:problem:internal", "detail": "Logged under 1."}', errors.Unavailable),
        (422, b'{"type": "urn:other", "detail": 3}', errors.InvalidInput),
    ],
)
def test_other_answers_are_met_by_their_status(status: int, content: bytes, family: type[errors.TreadleError]) -> None:
    assert type(error_of(status, content)) is family


def wire(answer: httpx.Response | Exception) -> Wire:
    def handle(request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    return Wire("http://example", "secret", timeout=1, transport=httpx.MockTransport(handle))


def test_a_server_that_does_not_answer_in_time() -> None:
    with pytest.raises(errors.TimedOut) as caught:
        wire(httpx.ReadTimeout("slow")).get("/x")
    assert "secret" not in str(caught.value)


def test_a_connection_that_breaks() -> None:
    with pytest.raises(errors.Unavailable):
        wire(httpx.RemoteProtocolError("gone")).get("/x")


def test_an_answer_that_is_no_json_is_not_taken_for_one() -> None:
    with pytest.raises(errors.Unavailable, match="does not speak"):
        wire(httpx.Response(200, content=b"<html>hello</html>")).get("/x")
