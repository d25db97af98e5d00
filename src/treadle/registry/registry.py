"""The registry's verbs: register, look up, promote, refuse, roll back, remember."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from treadle.clock import Clock
from treadle.database import Database
from treadle.errors import Conflict, InvalidInput, NotFound, Refused
from treadle.ids import Ids
from treadle.registry.hooks import RegistryHooks
from treadle.registry.model import RegisteredModel
from treadle.registry.move import Promotion
from treadle.registry.names import checked_alias, checked_model_name, checked_reason
from treadle.registry.promotion import Judgement, judge_promotion, rollback_target
from treadle.registry.proposal import Proposal
from treadle.registry.store import RegistryStore
from treadle.registry.version import ModelVersion

if TYPE_CHECKING:
    from treadle.artifacts import References
    from treadle.evidence import Decision, Evidence, Ledger
    from treadle.models import Package

Reference = int | str


class Registry:
    """Models, versions and aliases of one project, with the aliases of one environment.

    Versions belong to the project, aliases and promotions to the environment. Whether a version may be promoted is read from
    the ledger and from nothing else.
    """

    def __init__(
        self,
        database: Database,
        ledger: Ledger,
        references: References,
        *,
        project: str,
        environment: str,
        clock: Clock,
        ids: Ids,
        hooks: Sequence[RegistryHooks] = (),
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._references = references
        self._clock = clock
        self._ids = ids
        self._hooks = tuple(hooks)
        self._store = RegistryStore(database, project, environment)
        self.environment = environment

    # registering

    def create_version(
        self,
        model: str,
        package: str | Package,
        *,
        run: str | None = None,
        execution: str | None = None,
        dataset: str | None = None,
        metrics: Mapping[str, Any] | None = None,
        gates: Sequence[str] = (),
        card: Mapping[str, Any] | None = None,
        tags: Mapping[str, str] | None = None,
        trigger: str = "",
        source: str = "",
        principal: str = "system",
        documents: Mapping[str, Any] | None = None,
        judge: Callable[[ModelVersion], object] | None = None,
    ) -> ModelVersion:
        """Register a package as the next version of `model`, once.

        `package` is a `Package` or its digest; its bytes are held against sweeping. `documents` are JSON-able reports kept with
        the version (`evaluation`, `contributions`, …). `judge` is called with the new version inside the same transaction, so
        that its evidence is written with it or not at all. Registering the same package from the same execution again returns
        the version that is there, and judges nothing.

        Raises `InvalidInput` for a bad name and `Corrupt` or `NotFound` when the package's bytes are not in the store.
        """
        checked_model_name(model)
        digest, files = (package, ()) if isinstance(package, str) else (package.digest, tuple(package.files.values()))
        if not digest:
            raise InvalidInput("A version needs a package.", mend="Hand in a Package or its digest.", field="package")
        with self._database.transaction():
            now = self._clock.now()
            self._store.lock_model(model, now)
            made = self._store.find_made(model, digest, execution)
            if made is not None:
                return made
            version = ModelVersion(
                model=model,
                number=self._store.next_number(model),
                digest=digest,
                created_at=now,
                gates=tuple(gates),
                metrics=dict(metrics or {}),
                card=dict(card or {}),
                tags={str(k): str(v) for k, v in (tags or {}).items()},
                run=run,
                execution=execution,
                dataset=dataset,
                principal=principal,
                trigger=trigger,
                source=source,
            )
            self._store.insert_version(version, documents or {})
            for each in dict.fromkeys((digest, *files)):
                self._references.hold(each, str(version.ref), kind="model_version")
            for hook in self._hooks:
                hook.on_version_created(version)
            if judge is not None:
                judge(version)
        return version

    # looking up

    def models(self) -> list[RegisteredModel]:
        """Every registered model, by name."""
        return self._store.models()

    def get(self, model: str, version: Reference = "champion") -> ModelVersion:
        """One version by number, by alias, or `"latest"`; raises `NotFound` that offers what there is."""
        self._known(model)
        number = self._number(model, version)
        found = self._store.version(model, number)
        if found is None:
            known = [str(v.number) for v in self._store.versions(model, 50)]
            raise NotFound.among(f"version of {model!r}", str(version), known, field="version")
        return found

    def versions(self, model: str, *, limit: int = 1_000) -> list[ModelVersion]:
        """The versions of a model, newest first."""
        self._known(model)
        return self._store.versions(model, limit)

    def with_package(self, digest: str) -> list[ModelVersion]:
        """Every version made of the package with this digest."""
        return self._store.with_digest(digest)

    def document(self, model: str, version: Reference, name: str) -> Any:
        """A report kept with a version, as plain JSON values; None when it has none of that name."""
        return self._store.document(model, self.get(model, version).number, name)

    def documents(self, model: str, version: Reference) -> list[str]:
        """The names of the reports kept with a version."""
        return self._store.document_names(model, self.get(model, version).number)

    def attach(self, model: str, version: Reference, name: str, body: Any) -> None:
        """Keep a report with a version, replacing one of the same name."""
        self._store.put_document(model, self.get(model, version).number, name, body)

    def tag(self, model: str, version: Reference, tags: Mapping[str, str | None]) -> ModelVersion:
        """Set tags of a version; None takes one away."""
        with self._database.transaction():
            found = self.get(model, version)
            merged = {**found.tags, **tags}
            kept = {str(k): str(v) for k, v in merged.items() if v is not None}
            self._store.set_tags(model, found.number, kept)
        return replace(found, tags=kept)

    def history(self, model: str, alias: str | None = None) -> list[Promotion]:
        """Every move of the model's aliases (or of one) in this environment, newest first."""
        self._known(model)
        return self._store.history(model, alias)[::-1]

    # deciding

    def evidence(self, version: ModelVersion) -> list[Evidence]:
        """The newest record of each gate the version requires, in the order it requires them."""
        latest = {e.check: e for e in self._ledger.latest(version.subject)}
        return [latest[name] for name in version.gates if name in latest]

    def gates(self, model: str, version: Reference) -> Decision:
        """What the ledger says about a version: its gates, and every other check that blocks it."""
        return self._decide(self.get(model, version))

    def judge(self, model: str, version: Reference, *, override: str | None = None) -> Judgement:
        """Whether a promotion would be allowed, and every reason against it; changes nothing."""
        found = self.get(model, version)
        return judge_promotion(found, self._decide(found), override)

    def promote(
        self,
        model: str,
        number: Reference,
        *,
        alias: str = "champion",
        why: str,
        principal: str,
        override: str | None = None,
    ) -> Promotion:
        """Point `alias` at a version.

        Reads the ledger: a gate that failed, or whose evidence is missing or has expired, refuses the move unless `override`
        says why it may go on; both outcomes are recorded as evidence. Promoting the version that holds the alias already
        returns its last move.

        Raises `Refused` with every reason, `NotFound`, and `InvalidInput` for a bad alias or an empty reason.
        """
        checked_alias(alias)
        why = checked_reason(why, "why")
        override = checked_reason(override, "override") if override is not None else ""
        with self._database.transaction():
            held = self._lock(model, alias)
            version = self.get(model, number)
            if held == version.number:
                return self._store.history(model, alias)[-1]
            judgement = judge_promotion(version, self._decide(version), override)
            evidence = tuple(e.id for e in self.evidence(version))
            proposal = Proposal(version, alias, "promotion", held, principal, why, override, evidence)
            if judgement.allowed:
                return self._move(proposal, judgement)
            self._record(proposal, judgement)
        raise Refused(
            f"{version} may not become {alias}: {'; '.join(judgement.reasons)}.",
            mend="It stays refused; register a new version."
            if version.status == "refused"
            else "Mend what failed and register a new version, or override with a reason that stays in the history.",
            field="version",
        )

    def rollback(
        self, model: str, *, alias: str = "champion", why: str, principal: str, to: Reference | None = None
    ) -> Promotion:
        """Point `alias` back at the version it was taken from, or at `to`, which must have held it before.

        Gates are not asked again: what served before may serve again. Versions refused meanwhile are passed over.
        Raises `Conflict` when there is nothing to go back to.
        """
        checked_alias(alias)
        why = checked_reason(why, "why")
        with self._database.transaction():
            held = self._lock(model, alias)
            target = None if held is None else self._target(model, alias, held, to)
            if target is None:
                raise Conflict(
                    f"No earlier version of {model!r} held the alias {alias!r}.",
                    mend="Promote a version instead.",
                    field="alias",
                )
            version = self.get(model, target)
            evidence = tuple(e.id for e in self.evidence(version))
            proposal = Proposal(version, alias, "rollback", held, principal, why, "", evidence)
            return self._move(proposal, Judgement(True, False, ()))

    def refuse(self, model: str, number: Reference, why: str, *, principal: str = "system") -> ModelVersion:
        """Refuse a version for good; it keeps its number and its evidence but can never be promoted.

        Raises `Conflict` while an alias of this environment points to it.
        """
        from treadle.evidence import Verdict

        why = checked_reason(why, "why")
        with self._database.transaction():
            version = self.get(model, number)
            if version.aliases:
                raise Conflict(
                    f"{version} is {' and '.join(version.aliases)} and cannot be refused.",
                    mend="Roll back first.",
                    field="version",
                )
            if version.status != "refused":
                self._store.mark_refused(model, version.number, why, self._clock.now())
                told = why if why.startswith(str(version)) else f"{version} was refused: {why}"
                verdict = Verdict.of(False, summary=told, who=principal, why=why)
                self._ledger.record("refusal", "release", version.subject, verdict, principal=principal)
        return self.get(model, version.number)

    # inside

    def _known(self, model: str) -> None:
        names = self._store.names()
        if model not in names:
            raise NotFound.among("model", str(model), names, field="model")

    def _number(self, model: str, version: Reference) -> int:
        text = str(version)
        if isinstance(version, int) or text.isdigit():
            return min(int(text), 2**62)
        if text == "latest":
            newest = self._store.versions(model, 1)
            if newest:
                return newest[0].number
        aliases = self._store.aliases(model)
        if text not in aliases:
            known = [*aliases, "latest"]
            raise NotFound.among(f"version or alias of {model!r}", text, known, field="version")
        return aliases[text]

    def _lock(self, model: str, alias: str) -> int | None:
        self._known(model)
        self._store.lock_model(model, self._clock.now())
        return self._store.alias(model, alias)

    def _decide(self, version: ModelVersion) -> Decision:
        from treadle.evidence import decide

        return decide(version.gates, self._ledger.latest(version.subject), at=self._clock.now())

    def _target(self, model: str, alias: str, held: int, to: Reference | None) -> int | None:
        history = self._store.history(model, alias)
        if to is None:
            refused = frozenset(v.number for v in self._store.versions(model, 10_000) if v.status == "refused")
            return rollback_target(held, history, refused)
        version = self.get(model, to)
        before = {move.to_version for move in history}
        if version.number == held or version.number not in before or version.status == "refused":
            raise Conflict(
                f"{version} is not an earlier, healthy holder of the alias {alias!r}.",
                mend="Promote it instead, so that its gates are read.",
                field="to",
            )
        return version.number

    def _move(self, proposal: Proposal, judgement: Judgement) -> Promotion:
        record = self._record(proposal, judgement)
        promotion = proposal.done(judgement, id=self._ids.new(), record=record.id, at=self._clock.now())
        self._store.move(promotion, self._clock.wall())
        for hook in self._hooks:
            hook.on_promoted(promotion)
        return promotion

    def _record(self, proposal: Proposal, judgement: Judgement) -> Evidence:
        # reaction "warn": a promotion that was refused once is no reason against the next one; the gates are
        verdict = proposal.verdict(judgement, self.environment)
        subject = proposal.version.subject
        return self._ledger.record(proposal.kind, "release", subject, verdict, reaction="warn", principal=proposal.who)
