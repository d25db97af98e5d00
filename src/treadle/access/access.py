"""The verbs of access."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import timedelta

from treadle.access.grant import Grant, Token
from treadle.access.principal import Principal
from treadle.access.project import Project, checked_environment, checked_name
from treadle.access.role import checked_role
from treadle.access.store import AccessStore
from treadle.clock import Clock, duration, micros
from treadle.database import Database
from treadle.errors import NotFound, Unauthenticated
from treadle.ids import Ids

_PREFIX = "treadle"  # lets scanners of source code recognise a token that was committed by mistake


class Access:
    """Knows projects and principals, issues tokens and recognises them.

    Tokens begin and end in the machine's own time: signing in is not part of a replay.
    """

    def __init__(self, database: Database, clock: Clock, ids: Ids) -> None:
        self._store = AccessStore(database)
        self._clock = clock
        self._ids = ids

    def ensure(self, project: str, principal: str | Principal) -> Principal:
        """The acting principal of a project; both, and the project's three environments, are made if they are new.

        Raises `InvalidInput` for a name that cannot be one.
        """
        wanted = principal if isinstance(principal, Principal) else Principal(principal)
        found = self._store.principal(checked_name(project), wanted.name)
        if found is not None:
            return found
        self._store.add(project, wanted, micros(self._clock.wall()))
        return self._store.principal(project, wanted.name) or wanted

    def projects(self) -> tuple[Project, ...]:
        """Every project, by name."""
        return self._store.projects()

    def principals(self, project: str) -> tuple[Principal, ...]:
        """Everybody who ever acted in a project, by name."""
        return self._store.principals(project)

    def issue_token(
        self,
        project: str,
        principal: str | Principal,
        role: str,
        *,
        environment: str | None = None,
        expires: str | timedelta | None = None,
    ) -> str:
        """A new token, shown this once: only its digest is kept. Without `environment` it is good for all of them.

        Raises `InvalidInput` for an unknown role or environment.
        """
        row = {"role": checked_role(role), "environment": checked_environment(environment)}
        acting = self.ensure(project, principal)
        now = self._clock.wall()
        name, secret = self._ids.new(), secrets.token_urlsafe(32)
        self._store.add_token(
            {
                **row,
                "id": name,
                "project": project,
                "principal": acting.name,
                "digest": _digest(secret),
                "created_at": micros(now),
                "expires_at": None if expires is None else micros(now + duration(expires, field="expires")),
            }
        )
        return f"{_PREFIX}.{name}.{secret}"

    def authenticate(self, token: str) -> Grant:
        """What `token` gives. Raises `Unauthenticated`, which says the same for every token that is not good."""
        name, secret = _parts(token)
        row = self._store.token_row(name)
        known = row["digest"] if row else _digest("")
        now = micros(self._clock.wall())
        if (
            not hmac.compare_digest(known, _digest(secret))
            or row is None
            or row["revoked_at"] is not None
            or (row["expires_at"] is not None and row["expires_at"] <= now)
        ):
            raise Unauthenticated(
                "The token is not known here, has expired or was revoked.",
                mend="Ask an admin of the project for a new one.",
                field="token",
            )
        return Grant(
            project=row["project"],
            principal=Principal(row["principal"], row["kind"]),
            role=checked_role(row["role"]),
            environment=checked_environment(row["environment"]),
            token_id=name,
        )

    def tokens(self, project: str) -> tuple[Token, ...]:
        """The tokens of a project without their secrets, oldest first."""
        return self._store.tokens(project)

    def revoke(self, token: str) -> None:
        """End a token, given whole or by its id; ending it again changes nothing. Raises `NotFound`."""
        name = _parts(token)[0] if token.startswith(f"{_PREFIX}.") else token
        if not self._store.revoke(name, micros(self._clock.wall())):
            raise NotFound(
                "There is no such token.", mend="List the tokens of the project to see their ids.", field="token"
            )


def _parts(token: str) -> tuple[str, str]:
    words = token.split(".")
    return (words[1], words[2]) if len(words) == 3 and words[0] == _PREFIX else ("", "")


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
