"""An endpoint as this process serves it: opened from its manifest, asked, and let go of when a newer one has taken over."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from treadle.artifacts import ArtifactStore
from treadle.clock import Clock
from treadle.errors import Corrupt
from treadle.models import ModelStore
from treadle.serving.log import PredictionLog
from treadle.serving.manifest import EndpointManifest
from treadle.serving.measures import Tally
from treadle.serving.quick import Quick
from treadle.serving.replica import Replica
from treadle.serving.responses import Responder
from treadle.serving.routing import choose, pinned

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
        self.asked = 0
        self.retired = False
        self._replicas = replicas
        self._responders = {name: Responder(replica) for name, replica in replicas.items()}
        self._only = next(iter(replicas)) if len(replicas) == 1 else ""
        self.single = bool(self._only)
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
                replica = replicas[variant.name] = Replica(manifest, variant, session, _reader(manifest, clock))
                log.describe(replica.schema_name, replica.schema)
        except BaseException:
            for replica in replicas.values():
                replica.close()
            raise
        return cls(manifest, replicas, log, clock.monotonic)

    def choose(self, version: str, key: str) -> tuple[Replica, Responder]:
        """The variant that answers: the version a request names, else the one its key belongs to. Raises `NotFound`."""
        name = self._only
        if version or not name:
            variants = self.manifest.variants
            name = (pinned(variants, version, self.manifest.name) if version else choose(variants, key)).name
        return self._replicas[name], self._responders[name]

    def versions(self) -> list[str]:
        """The versions it serves."""
        return [replica.version for replica in self._replicas.values()]

    def retire(self) -> None:
        """Close it as soon as nobody waits for an answer of it any more."""
        self.retired = True
        if not self.asked:
            for replica in self._replicas.values():
                replica.close()


def _reader(manifest: EndpointManifest, clock: Clock) -> OnlineReader | None:
    if manifest.lookup is None:
        return None
    import msgspec

    from treadle.features import LookupPlan, OnlineReader, SqliteOnlineStore

    try:
        plan = msgspec.convert(manifest.lookup, LookupPlan)
    except msgspec.ValidationError as error:
        raise Corrupt(
            f"The lookup plan of {manifest.name!r} cannot be read: {error}.", mend="Deploy it again."
        ) from error
    return OnlineReader(plan, SqliteOnlineStore(manifest.online), clock)
