"""An endpoint as this process serves it: opened from its manifest, asked, and let go of when a newer one has taken over."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from treadle.artifacts import ArtifactStore
from treadle.clock import Clock
from treadle.errors import Corrupt
from treadle.models import ModelStore
from treadle.serving.failures import FailureLog
from treadle.serving.log import PredictionLog
from treadle.serving.manifest import EndpointManifest, Variant
from treadle.serving.measures import Tally
from treadle.serving.quick import Quick
from treadle.serving.replica import Replica
from treadle.serving.responses import Responder
from treadle.serving.routing import pinned
from treadle.serving.splitting import draw

if TYPE_CHECKING:
    from treadle.features import OnlineReader


class Served:
    """One revision of an endpoint. `asked` counts the questions in flight: it is closed only after the last of them."""

    def __init__(
        self,
        manifest: EndpointManifest,
        replicas: dict[str, Replica],
        log: PredictionLog,
        seconds: Callable[[], float],
    ) -> None:
        self.manifest = manifest
        self.log = log
        self.failures = FailureLog(log.folder, log.worker)
        self.asked = 0
        self.retired = False
        self._replicas = replicas
        self._responders = {name: Responder(replica) for name, replica in replicas.items()}
        self._only = next(iter(replicas)) if len(replicas) == 1 else ""
        self.single = bool(self._only)
        self.shadows = [replica for replica in replicas.values() if replica.variant.shadow]
        drawn = [replica.signature for replica in replicas.values() if not replica.variant.shadow]
        self._alike = len({(signature.task, signature.labels) for signature in drawn}) == 1
        self.known = frozenset(
            name
            for replica in replicas.values()
            for name in (*replica.signature.names, *(replica.reader.plan.entities if replica.reader else ()))
        )
        self.tally = Tally()
        self.quick: Quick | None = None
        if self.single and Quick.fits(replicas[self._only]):
            self.quick = Quick(replicas[self._only], self._responders[self._only], seconds)

    @classmethod
    def open(cls, manifest: EndpointManifest, log: PredictionLog, clock: Clock) -> Served:
        """Open every variant; one that cannot be opened never takes over.

        Raises `NotFound`, `Corrupt` or `Refused` for packages that cannot be opened, `Unavailable` when the log cannot be written.
        """
        models = ModelStore(ArtifactStore(Path(manifest.artifacts)))
        replicas: dict[str, Replica] = {}
        try:
            for variant in manifest.variants:
                session = models.open(variant.package, trust_python=manifest.trust_python)
                session.warm()
                replica = replicas[variant.name] = Replica(
                    manifest, variant, session, _reader(manifest, variant, clock)
                )
                log.describe(replica.schema_name, replica.schema)
        except BaseException:
            for replica in replicas.values():
                replica.close()
            raise
        return cls(manifest, replicas, log, clock.monotonic)

    def first(self, version: str) -> tuple[Replica, Responder]:
        """The variant in whose words a request is read: the version it names, else the champion. Raises `NotFound`."""
        variants = self.manifest.variants
        name = pinned(variants, version, self.manifest.name).name if version else variants[0].name
        return self._replicas[name], self._responders[name]

    def draw(self, keys: list[str]) -> list[tuple[Replica, list[int] | None]]:
        """The variants that answer, each with the places of its rows (None: all of them)."""
        if self._alike:
            drawn = draw(self.manifest, keys)
        else:  # answers of different kinds cannot be put together: the first key decides
            drawn = draw(self.manifest, keys[:1])
        if len(drawn) == 1:
            return [(self._replicas[name], None) for name in drawn]
        return [(self._replicas[name], rows) for name, rows in drawn.items()]

    def responder(self, replica: Replica) -> Responder:
        """Who writes the answers of a replica."""
        return self._responders[replica.variant.name]

    def versions(self) -> list[str]:
        """The versions it serves."""
        return [replica.version for replica in self._replicas.values()]

    def retire(self) -> None:
        """Close it as soon as nobody waits for an answer of it any more."""
        self.retired = True
        if not self.asked:
            for replica in self._replicas.values():
                replica.close()


def _reader(manifest: EndpointManifest, variant: Variant, clock: Clock) -> OnlineReader | None:
    lookup = manifest.lookup if variant.lookup is None else variant.lookup
    if not lookup:
        return None
    import msgspec

    from treadle.features import LookupPlan, OnlineReader, SqliteOnlineStore

    try:
        plan = msgspec.convert(lookup, LookupPlan)
    except msgspec.ValidationError as error:
        raise Corrupt(
            f"The lookup plan of {manifest.name!r} cannot be read: {error}.", mend="Deploy it again."
        ) from error
    return OnlineReader(plan, SqliteOnlineStore(manifest.online), clock)
