"""What a token gives."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from treadle.access.decision import Action, Decision, decide
from treadle.access.principal import Principal
from treadle.access.project import Environment
from treadle.access.role import Role
from treadle.errors import Forbidden


@dataclass(frozen=True)
class Grant:
    """Somebody's role in one project, and in one of its environments unless `environment` is None."""

    project: str
    principal: Principal
    role: Role
    environment: Environment | None = None
    token_id: str = ""

    def decide(self, action: Action, environment: Environment | None = None) -> Decision:
        """Whether this grant allows `action` (in `environment`)."""
        if self.environment is not None and environment is not None and environment != self.environment:
            return Decision(False, f"This token is for {self.environment}, not for {environment}.")
        return decide(self.role, action)

    def require(self, action: Action, environment: Environment | None = None) -> None:
        """Raise `Forbidden` unless this grant allows `action`."""
        decision = self.decide(action, environment)
        if not decision.allowed:
            raise Forbidden(decision.reason, mend="Ask an admin of the project for a token that may.")


@dataclass(frozen=True)
class Token:
    """A token as it is listed: everything but its secret."""

    id: str
    project: str
    principal: str
    role: Role
    environment: Environment | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
