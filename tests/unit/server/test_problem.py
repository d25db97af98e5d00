"""The one table from errors to HTTP."""

from __future__ import annotations

import pytest

from treadle import errors
from treadle.server.problem import internal_problem, kind_of, plain_problem, problem_of


def _tree(family: type[errors.TreadleError]) -> list[type[errors.TreadleError]]:
    return [family, *(below for narrower in family.__subclasses__() for below in _tree(narrower))]


FAMILIES = [family for family in _tree(errors.TreadleError) if family.__module__ == errors.__name__]


@pytest.mark.parametrize("family", FAMILIES)
def test_every_error_has_a_problem_of_its_own(family: type[errors.TreadleError]) -> None:
    problem = problem_of(family("It is wrong.", mend="Mend it.", field="x"))
    assert problem.kind == kind_of(family)
    assert 400 <= problem.status < 600
    assert problem.body() == {
        "type": f"urn:treadle:problem:{problem.kind}",
        "title": problem.title,
        "status": problem.status,
        "detail": "It is wrong.",
        "mend": "Mend it.",
        "field": "x",
    }


@pytest.mark.parametrize(
    ("family", "status"),
    [
        (errors.InvalidInput, 422),
        (errors.DeclarationError, 422),
        (errors.NotFound, 404),
        (errors.Conflict, 409),
        (errors.Refused, 409),
        (errors.Unauthenticated, 401),
        (errors.Forbidden, 403),
        (errors.Unavailable, 503),
        (errors.TimedOut, 504),
    ],
)
def test_the_caller_s_mistakes_are_not_the_server_s(family: type[errors.TreadleError], status: int) -> None:
    assert problem_of(family("x")).status == status


def test_a_narrower_error_is_met_as_its_family() -> None:
    class Narrower(errors.NotFound):
        pass

    assert (problem_of(Narrower("x")).status, problem_of(Narrower("x")).kind) == (404, "not-found")


def test_a_fault_of_ours_says_nothing_but_its_id() -> None:
    body = internal_problem("abc").body()
    assert body["status"] == 500
    assert body["id"] == "abc"
    assert "Traceback" not in str(body)


def test_problems_of_http_itself_have_a_kind() -> None:
    assert plain_problem(405, "x").kind == "method-not-allowed"
    assert plain_problem(418, "x").kind == "http"
