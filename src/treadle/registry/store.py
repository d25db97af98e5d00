"""The registry's tables: models, versions, documents, aliases, promotions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from treadle.clock import from_micros, micros
from treadle.database import Database, Row, from_json, to_json
from treadle.registry.model import RegisteredModel
from treadle.registry.move import Promotion
from treadle.registry.version import ModelVersion, VersionStatus

_PROMOTIONS = """
    SELECT * FROM model_promotions
    WHERE project = :project AND environment = :environment AND model = :model"""


class RegistryStore:
    """Rows in, nouns out, for one project seen from one environment."""

    def __init__(self, database: Database, project: str, environment: str) -> None:
        self.database = database
        self._scope = {"project": project, "environment": environment}

    # models

    def lock_model(self, model: str, at: datetime) -> None:
        """Make the model if it is new and hold its row until the transaction ends: serialises its writers."""
        row = {"project": self._scope["project"], "name": model, "at": micros(at)}
        self.database.execute(
            "INSERT INTO registered_models (project, name, created_at, updated_at, last_number) "
            "VALUES (:project, :name, :at, :at, 0) ON CONFLICT (project, name) DO NOTHING",
            row,
        )
        self.database.execute(
            "UPDATE registered_models SET updated_at = :at WHERE project = :project AND name = :name", row
        )

    def next_number(self, model: str) -> int:
        """Take the next version number; the model's row must be locked."""
        scope = {"project": self._scope["project"], "name": model}
        self.database.execute(
            "UPDATE registered_models SET last_number = last_number + 1 WHERE project = :project AND name = :name",
            scope,
        )
        row = self.database.one(
            "SELECT last_number FROM registered_models WHERE project = :project AND name = :name", scope
        )
        return row["last_number"] if row else 1

    def models(self) -> list[RegisteredModel]:
        """Every model by name."""
        rows = self.database.read(
            "SELECT m.*, (SELECT count(*) FROM model_versions v WHERE v.project = m.project AND v.model = m.name) AS versions "
            "FROM registered_models m WHERE m.project = :project ORDER BY m.name",
            self._scope,
        )
        aliases: dict[str, dict[str, int]] = {}
        for row in self.database.read(
            "SELECT model, alias, number FROM model_aliases WHERE project = :project AND environment = :environment",
            self._scope,
        ):
            aliases.setdefault(row["model"], {})[row["alias"]] = row["number"]
        return [
            RegisteredModel(
                name=row["name"],
                created_at=from_micros(row["created_at"]),
                updated_at=from_micros(row["updated_at"]),
                versions=row["versions"],
                latest=row["last_number"],
                aliases=dict(sorted(aliases.get(row["name"], {}).items())),
            )
            for row in rows
        ]

    def names(self) -> list[str]:
        """The names of the models."""
        sql = "SELECT name FROM registered_models WHERE project = :project ORDER BY name"
        return [row["name"] for row in self.database.read(sql, self._scope)]

    # versions

    def insert_version(self, version: ModelVersion, documents: Mapping[str, Any]) -> None:
        """Write a new version and its documents."""
        key = {"project": self._scope["project"], "model": version.model, "number": version.number}
        self.database.insert(
            "model_versions",
            {
                **key,
                "digest": version.digest,
                "execution": version.execution or "",
                "run": version.run,
                "dataset": version.dataset,
                "created_at": micros(version.created_at),
                "principal": version.principal,
                "metrics": to_json(version.metrics),
                "gates": to_json(version.gates),
                "card": to_json(version.card),
                "tags": to_json(version.tags),
                "cause": version.trigger,
                "source": version.source,
            },
        )
        self.database.insert_many(
            "model_documents", [{**key, "name": name, "body": to_json(body)} for name, body in documents.items()]
        )

    def find_made(self, model: str, digest: str, execution: str | None) -> ModelVersion | None:
        """The version already made of this package by this execution."""
        found = self._versions(
            "v.model = :model AND v.digest = :digest AND v.execution = :execution",
            model=model,
            digest=digest,
            execution=execution or "",
        )
        return found[0] if found else None

    def version(self, model: str, number: int) -> ModelVersion | None:
        """One version by number."""
        found = self._versions("v.model = :model AND v.number = :number", model=model, number=number)
        return found[0] if found else None

    def versions(self, model: str, limit: int) -> list[ModelVersion]:
        """The newest `limit` versions of a model, newest first."""
        return self._versions("v.model = :model", limit=limit, model=model)

    def with_digest(self, digest: str) -> list[ModelVersion]:
        """Every version made of one package."""
        return self._versions("v.digest = :digest", digest=digest)

    def document(self, model: str, number: int, name: str) -> Any:
        """One document of a version, or None."""
        row = self.database.one(
            "SELECT body FROM model_documents "
            "WHERE project = :project AND model = :model AND number = :number AND name = :name",
            self._scope,
            model=model,
            number=number,
            name=name,
        )
        return from_json(row["body"]) if row else None

    def document_names(self, model: str, number: int) -> list[str]:
        """The names of a version's documents."""
        rows = self.database.read(
            "SELECT name FROM model_documents WHERE project = :project AND model = :model AND number = :number "
            "ORDER BY name",
            self._scope,
            model=model,
            number=number,
        )
        return [row["name"] for row in rows]

    def put_document(self, model: str, number: int, name: str, body: Any) -> None:
        """Write or replace one document."""
        self.database.execute(
            "INSERT INTO model_documents (project, model, number, name, body) "
            "VALUES (:project, :model, :number, :name, :body) "
            "ON CONFLICT (project, model, number, name) DO UPDATE SET body = excluded.body",
            self._scope,
            model=model,
            number=number,
            name=name,
            body=to_json(body),
        )

    def mark_refused(self, model: str, number: int, why: str, at: datetime) -> None:
        """Remember that a version was refused."""
        self.database.execute(
            "UPDATE model_versions SET refused_at = :at, refused_why = :why "
            "WHERE project = :project AND model = :model AND number = :number",
            self._scope,
            at=micros(at),
            why=why,
            model=model,
            number=number,
        )

    def set_tags(self, model: str, number: int, tags: Mapping[str, str]) -> None:
        """Replace a version's tags."""
        self.database.execute(
            "UPDATE model_versions SET tags = :tags WHERE project = :project AND model = :model AND number = :number",
            self._scope,
            tags=to_json(tags),
            model=model,
            number=number,
        )

    # aliases and their moves

    def alias(self, model: str, alias: str) -> int | None:
        """The version number an alias points to."""
        return self.aliases(model).get(alias)

    def aliases(self, model: str) -> dict[str, int]:
        """Where a model's aliases point in this environment."""
        rows = self.database.read(
            "SELECT alias, number FROM model_aliases "
            "WHERE project = :project AND environment = :environment AND model = :model ORDER BY alias",
            self._scope,
            model=model,
        )
        return {row["alias"]: row["number"] for row in rows}

    def move(self, promotion: Promotion, recorded_at: datetime) -> None:
        """Point the alias and write the move."""
        self.database.execute(
            "INSERT INTO model_aliases (project, environment, model, alias, number, since) "
            "VALUES (:project, :environment, :model, :alias, :number, :at) "
            "ON CONFLICT (project, environment, model, alias) DO UPDATE SET number = excluded.number, since = excluded.since",
            self._scope,
            model=promotion.model,
            alias=promotion.alias,
            number=promotion.to_version,
            at=micros(promotion.at),
        )
        self.database.insert(
            "model_promotions",
            {
                **self._scope,
                "id": promotion.id,
                "model": promotion.model,
                "alias": promotion.alias,
                "kind": promotion.kind,
                "from_version": promotion.from_version,
                "to_version": promotion.to_version,
                "principal": promotion.who,
                "why": promotion.why,
                "override_reason": promotion.override or None,
                "evidence": to_json(promotion.evidence),
                "at": micros(promotion.at),
                "recorded_at": micros(recorded_at),
            },
        )

    def history(self, model: str, alias: str | None = None) -> list[Promotion]:
        """The moves of a model's aliases (or of one), oldest first."""
        sql, more = _PROMOTIONS, {"model": model}
        if alias is not None:
            sql, more = f"{sql} AND alias = :alias", {**more, "alias": alias}
        return [_promotion(row) for row in self.database.read(f"{sql} ORDER BY sequence", self._scope, **more)]

    def _versions(self, where: str, *, limit: int = 1_000_000, **named: Any) -> list[ModelVersion]:
        rows = self.database.read(
            "SELECT v.*, EXISTS (SELECT 1 FROM model_promotions p WHERE p.project = v.project "
            "AND p.environment = :environment AND p.model = v.model AND p.alias = 'champion' "
            f"AND p.to_version = v.number) AS held FROM model_versions v WHERE v.project = :project AND {where} "
            "ORDER BY v.model, v.number DESC LIMIT :limit",
            self._scope,
            limit=limit,
            **named,
        )
        pointing = {model: self.aliases(model) for model in {row["model"] for row in rows}}
        return [_version(row, (a for a, n in pointing[row["model"]].items() if n == row["number"])) for row in rows]


def _version(row: Row, aliases: Iterable[str]) -> ModelVersion:
    names = tuple(aliases)
    status: VersionStatus = "candidate"
    if row["refused_at"] is not None:
        status = "refused"
    elif "champion" in names:
        status = "champion"
    elif row["held"]:
        status = "archived"
    return ModelVersion(
        model=row["model"],
        number=row["number"],
        digest=row["digest"],
        created_at=from_micros(row["created_at"]),
        status=status,
        aliases=names,
        gates=tuple(from_json(row["gates"])),
        metrics=from_json(row["metrics"]),
        card=from_json(row["card"]),
        tags=from_json(row["tags"]),
        run=row["run"],
        execution=row["execution"] or None,
        dataset=row["dataset"],
        principal=row["principal"],
        trigger=row["cause"],
        source=row["source"],
        refused_why=row["refused_why"] or "",
    )


def _promotion(row: Row) -> Promotion:
    return Promotion(
        id=row["id"],
        model=row["model"],
        alias=row["alias"],
        kind=row["kind"],
        from_version=row["from_version"],
        to_version=row["to_version"],
        who=row["principal"],
        why=row["why"],
        override=row["override_reason"] or "",
        evidence=tuple(from_json(row["evidence"])),
        at=from_micros(row["at"]),
    )
