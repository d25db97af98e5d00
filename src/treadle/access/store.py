"""The rows of projects, principals and tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from treadle.access.grant import Token
from treadle.access.principal import Principal
from treadle.access.project import ENVIRONMENTS, Project, checked_environment
from treadle.access.role import checked_role
from treadle.clock import from_micros
from treadle.database import Database, Row


class AccessStore:
    """Reads and writes who may do what, in every project."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def projects(self) -> tuple[Project, ...]:
        """Every project, by name."""
        rows = self._database.read("SELECT project, created_at FROM projects ORDER BY project")
        return tuple(Project(row["project"], from_micros(row["created_at"])) for row in rows)

    def principals(self, project: str) -> tuple[Principal, ...]:
        """Everybody who ever acted in a project, by name."""
        rows = self._database.read(
            "SELECT name, kind FROM principals WHERE project = :project ORDER BY name", project=project
        )
        return tuple(Principal(row["name"], row["kind"]) for row in rows)

    def principal(self, project: str, name: str) -> Principal | None:
        """One principal, or None."""
        row = self._database.one(
            "SELECT name, kind FROM principals WHERE project = :project AND name = :name", project=project, name=name
        )
        return None if row is None else Principal(row["name"], row["kind"])

    def add(self, project: str, principal: Principal, at: int) -> None:
        """Write a project with its environments and a principal; what is there already stays as it is."""
        with self._database.transaction():
            self._add("projects", "project", {"project": project, "created_at": at})
            for environment in ENVIRONMENTS:
                self._add(
                    "environments",
                    "project, environment",
                    {"project": project, "environment": environment, "created_at": at},
                )
            self._add(
                "principals",
                "project, name",
                {"project": project, "name": principal.name, "kind": principal.kind, "created_at": at},
            )

    def add_token(self, row: Mapping[str, Any]) -> None:
        """Write a token."""
        self._database.insert("tokens", row)

    def token_row(self, token_id: str) -> Row | None:
        """A token's row with the kind of its principal, or None."""
        return self._database.one(
            "SELECT t.*, p.kind FROM tokens t JOIN principals p ON p.project = t.project AND p.name = t.principal "
            "WHERE t.id = :id",
            id=token_id,
        )

    def tokens(self, project: str) -> tuple[Token, ...]:
        """Every token of a project, oldest first."""
        rows = self._database.read(
            "SELECT * FROM tokens WHERE project = :project ORDER BY created_at, id", project=project
        )
        return tuple(map(_token, rows))

    def revoke(self, token_id: str, at: int) -> int:
        """End a token; how many there were."""
        return self._database.execute(
            "UPDATE tokens SET revoked_at = COALESCE(revoked_at, :at) WHERE id = :id", at=at, id=token_id
        )

    def _add(self, table: str, key: str, row: Mapping[str, Any]) -> None:
        marks = ", ".join(f":{name}" for name in row)
        self._database.execute(
            f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks}) ON CONFLICT ({key}) DO NOTHING", row
        )


def _token(row: Row) -> Token:
    return Token(
        id=row["id"],
        project=row["project"],
        principal=row["principal"],
        role=checked_role(row["role"]),
        environment=checked_environment(row["environment"]),
        created_at=from_micros(row["created_at"]),
        expires_at=None if row["expires_at"] is None else from_micros(row["expires_at"]),
        revoked_at=None if row["revoked_at"] is None else from_micros(row["revoked_at"]),
    )
