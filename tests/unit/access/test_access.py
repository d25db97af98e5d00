"""Projects, principals and tokens."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treadle.access import Access, Principal, Project
from treadle.access.project import checked_environment, checked_name
from treadle.access.role import checked_role
from treadle.errors import InvalidInput, NotFound, Unauthenticated
from treadle.ids import RandomIds
from treadle.testing import Ground


@pytest.fixture
def access(ground: Ground) -> Access:
    return Access(ground.database, ground.clock, RandomIds())


def test_a_project_is_made_once_with_its_environments(access: Access, ground: Ground) -> None:
    name = f"{ground.project}-new"
    assert access.ensure(name, "ada") == Principal("ada", "person")
    made = next(project for project in access.projects() if project.name == name)
    assert made == Project(name, ground.clock.wall(), ("development", "staging", "production"))
    ground.clock.advance("1d")
    access.ensure(name, "ada")
    access.ensure(name, Principal("robot", "service"))
    assert made in access.projects()
    assert access.principals(name) == (Principal("ada"), Principal("robot", "service"))
    rows = ground.database.read("SELECT environment FROM environments WHERE project = :project", project=name)
    assert sorted(row["environment"] for row in rows) == ["development", "production", "staging"]


def test_a_principal_keeps_the_kind_it_first_had(access: Access, ground: Ground) -> None:
    access.ensure(ground.project, Principal("robot", "service"))
    assert access.ensure(ground.project, "robot") == Principal("robot", "service")


@pytest.mark.parametrize("name", ["", "-x", ".x", "a b", "a/b", "x" * 64, "é", "a\n", "a:b"])
def test_a_project_needs_a_plain_name(access: Access, name: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        access.ensure(name, "ada")
    assert caught.value.field == "project"


@pytest.mark.parametrize("name", ["a", "late-arrival", "A.b_c-9", "9x", "x" * 63])
def test_plain_names_are_taken(name: str) -> None:
    assert checked_name(name) == name


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 129, "\x00"])
def test_a_principal_needs_a_visible_name(access: Access, ground: Ground, name: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        access.ensure(ground.project, name)
    assert caught.value.field == "principal"


def test_a_principal_is_of_a_known_kind() -> None:
    with pytest.raises(InvalidInput) as caught:
        Principal("ada", "alien")  # type: ignore[arg-type]
    assert caught.value.field == "kind"
    assert Principal("x" * 128).kind == "person"


def test_a_token_is_recognised_as_what_it_was_issued_for(access: Access, ground: Ground) -> None:
    token = access.issue_token(ground.project, Principal("robot", "service"), "approver", environment="staging")
    grant = access.authenticate(token)
    assert (grant.project, grant.principal, grant.role, grant.environment) == (
        ground.project,
        Principal("robot", "service"),
        "approver",
        "staging",
    )
    assert [found.id for found in access.tokens(ground.project)] == [grant.token_id]
    assert access.authenticate(access.issue_token(ground.project, "ada", "viewer")).environment is None


def test_a_secret_is_nowhere_in_the_database(access: Access, ground: Ground) -> None:
    secret = access.issue_token(ground.project, "ada", "admin").split(".")[2]
    assert len(secret) >= 43  # 256 bits
    rows = ground.database.read("SELECT * FROM tokens WHERE project = :project", project=ground.project)
    assert len(rows) == 1
    assert secret not in str(rows)
    assert secret not in str(access.tokens(ground.project))


def test_two_tokens_are_never_alike(access: Access, ground: Ground) -> None:
    assert len({access.issue_token(ground.project, "ada", "viewer").split(".")[2] for _ in range(20)}) == 20


def test_nothing_else_is_recognised(access: Access, ground: Ground) -> None:
    token = access.issue_token(ground.project, "ada", "viewer")
    name = token.split(".")[1]
    for wrong in [
        "",
        "x",
        token + "x",
        token[:-1],
        f"treadle.{name}.",
        f"treadle.{name}",
        f"other{token}",
        f"treadle..{token}",
    ]:
        with pytest.raises(Unauthenticated) as caught:
            access.authenticate(wrong)
        assert str(caught.value) == (
            "The token is not known here, has expired or was revoked. Ask an admin of the project for a new one."
        )
    assert access.authenticate(token).token_id == name


@given(st.text())
def test_no_text_breaks_the_border(text: str) -> None:
    from treadle.access.access import _digest, _parts

    assert len(_parts(text)) == 2
    assert len(_digest(text)) == 64


def test_a_secret_of_one_token_does_not_open_another(access: Access, ground: Ground) -> None:
    one, two = (access.issue_token(ground.project, name, "viewer").split(".") for name in ("ada", "bob"))
    with pytest.raises(Unauthenticated):
        access.authenticate(".".join([one[0], one[1], two[2]]))


def test_a_token_ends_when_it_is_revoked(access: Access, ground: Ground) -> None:
    whole, by_id = (access.issue_token(ground.project, "ada", "viewer") for _ in range(2))
    access.revoke(whole)
    access.revoke(by_id.split(".")[1])
    for token in (whole, by_id):
        with pytest.raises(Unauthenticated):
            access.authenticate(token)
    first = access.tokens(ground.project)[0].revoked_at
    ground.clock.advance("1d")
    access.revoke(whole)
    assert access.tokens(ground.project)[0].revoked_at == first


def test_revoking_nothing_is_told(access: Access) -> None:
    with pytest.raises(NotFound) as caught:
        access.revoke("nowhere")
    assert caught.value.field == "token"


def test_a_token_expires_by_the_machine_and_not_by_the_replay(access: Access, ground: Ground) -> None:
    token = access.issue_token(ground.project, "ada", "viewer", expires="1h")
    ground.clock.business = ground.clock.business.replace(year=2050)
    access.authenticate(token)
    ground.clock.advance("59m")
    access.authenticate(token)
    ground.clock.advance("1m")
    with pytest.raises(Unauthenticated):
        access.authenticate(token)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"role": "king"}, "role"), ({"environment": "moon"}, "environment"), ({"expires": "soon"}, "expires")],
)
def test_a_token_for_nonsense_is_refused(access: Access, ground: Ground, wrong: dict[str, Any], field: str) -> None:
    given = {"role": "viewer", **wrong}
    with pytest.raises(InvalidInput) as caught:
        access.issue_token(ground.project, "ada", **given)
    assert caught.value.field == field
    assert access.tokens(ground.project) == ()


def test_names_are_checked_to_themselves() -> None:
    assert checked_role("admin") == "admin"
    assert checked_environment("staging") == "staging"
    assert checked_environment(None) is None
