"""What is served: one manifest file an endpoint, which workers follow within a tenth of a second."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from treadle.artifacts import ArtifactStore
from treadle.errors import Corrupt, Fenced, InvalidInput, NotFound
from treadle.models import ModelStore, Package
from treadle.serving.files import locked, write_whole
from treadle.serving.manifest import EndpointManifest, Variant
from treadle.serving.routing import checked_weights
from treadle.serving.worker_state import WorkerState, read_workers

if TYPE_CHECKING:
    from treadle.features import LookupPlan

_log = logging.getLogger("treadle.serving")
_EPOCH = ".epoch"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,127}")


class Endpoints:
    """Deploys model versions to endpoints and says what the workers serve.

    Everything is files below `state`: `endpoints/<name>.json` is written whole and workers swap to it without dropping a
    request. `artifacts` and `online` say where packages and online features are when they are not below `state`.
    """

    def __init__(self, state: Path | str, *, artifacts: Path | None = None, online: Path | None = None) -> None:
        self.state = Path(state).absolute()
        self._folder = self.state / "endpoints"
        self._artifacts = (artifacts or self.state / "artifacts").absolute()
        self._online = (online or self.state / "online.db").absolute()
        self._epoch = 0

    def deploy(
        self,
        name: str,
        version: int,
        package: Package | str,
        plan: LookupPlan | Mapping[str, Any] | None = None,
        *,
        model: str | None = None,
        trust_python: bool = False,
    ) -> EndpointManifest:
        """Serve one version of a model at the endpoint `name`; `package` is its package or digest.

        Workers that run swap to it; deploying what is served already changes nothing. Raises `InvalidInput` for a bad name,
        `NotFound` or `Corrupt` when the package's files are missing or damaged, `Refused` for a Python package that nobody
        trusts, `Unavailable` when the file cannot be written.
        """
        digest = package if isinstance(package, str) else package.digest
        return self.deploy_variants(name, [Variant(version, digest)], plan, model=model, trust_python=trust_python)

    def deploy_variants(
        self,
        name: str,
        variants: Sequence[Variant],
        plan: LookupPlan | Mapping[str, Any] | None = None,
        *,
        model: str | None = None,
        trust_python: bool = False,
        rollout: str = "",
        route_by: str = "",
    ) -> EndpointManifest:
        """Serve several versions at once, each with its share of the traffic; the first is the champion. As `deploy`.

        `rollout` salts who gets which; `route_by` names the column whose value stays with its version.
        """
        checked_name(name)
        checked_weights(variants)
        with locked(self._folder / ".lock"):
            epoch = self._checked_epoch()
            before = self._before(name)
            manifest = EndpointManifest(
                name=name,
                model=model or name,
                variants=tuple(variants),
                artifacts=str(self._artifacts),
                log=str(self.log_folder(name)),
                revision=before.revision if before else 0,
                lookup=None if plan is None else msgspec.to_builtins(plan),
                online=str(self._online) if plan is not None or any(v.lookup for v in variants) else "",
                trust_python=trust_python,
                rollout=rollout,
                route_by=route_by,
                epoch=before.epoch if before else 0,
            )
            if before == manifest:
                return manifest
            for variant in variants:
                self._verify(variant.package, trust_python)
            revision = before.revision if before else self._served_revision(name)
            manifest = msgspec.structs.replace(manifest, revision=revision + 1, epoch=epoch)
            write_whole(self._folder / f"{name}.json", manifest.encode(self.state))
        return manifest

    def get(self, name: str) -> EndpointManifest:
        """The manifest of one endpoint. Raises `NotFound` with the nearest name, `Corrupt` for a damaged file."""
        manifest = self._read(name) if _NAME.fullmatch(name) else None
        if manifest is None:
            raise NotFound.among("endpoint", name, self._names(), field="endpoint")
        return manifest

    def names(self) -> tuple[str, ...]:
        """The names of every endpoint, also of one whose file is damaged."""
        return tuple(self._names())

    def list(self) -> list[EndpointManifest]:
        """Every endpoint, by name."""
        found = (self._read(name) for name in self._names())
        return [manifest for manifest in found if manifest is not None]

    def remove(self, name: str) -> None:
        """Serve it no longer; its prediction log stays. Raises `NotFound`."""
        with locked(self._folder / ".lock"):
            self._checked_epoch()
            self.get(name)
            (self._folder / f"{name}.json").unlink()

    @contextmanager
    def acting(self, epoch: int) -> Iterator[None]:
        """Every change through this object carries the epoch of a lease until the block ends; see `take_over`."""
        before, self._epoch = self._epoch, epoch
        try:
            yield
        finally:
            self._epoch = before

    def take_over(self, epoch: int) -> None:
        """From now on a change that carries an older epoch is refused: the new holder's first act.

        What carries none is a person's, who needs no lease. Raises `Fenced` when a still newer holder was here.
        """
        with locked(self._folder / ".lock"), self.acting(epoch):
            self._checked_epoch()
            write_whole(self._folder / _EPOCH, str(epoch).encode())

    def log_folder(self, name: str) -> Path:
        """Where the predictions of an endpoint are logged."""
        return self.state / "predictions" / checked_name(name)

    def package(self, digest: str) -> Package:
        """The package of a version, without opening its model. Raises `NotFound` or `Corrupt`."""
        return ModelStore(ArtifactStore(self._artifacts)).load(digest)

    def workers(self) -> list[WorkerState]:
        """The serving processes that are alive and which revision of each endpoint they serve."""
        return read_workers(self.state)

    def settled(self, name: str) -> bool:
        """Whether every live serving process serves the newest revision of an endpoint. Raises `NotFound`."""
        revision = self.get(name).revision
        return all(worker.revisions.get(name, 0) >= revision for worker in self.workers())

    def _checked_epoch(self) -> int:
        """The epoch a change carries from now on; under the lock, so that no newer holder can come between."""
        try:
            newest = int((self._folder / _EPOCH).read_bytes())
        except (FileNotFoundError, ValueError):
            newest = 0
        if 0 < self._epoch < newest:
            raise Fenced(
                f"The lease of epoch {self._epoch} has passed on (epoch {newest} writes endpoints now); the write was refused.",
                mend="Nothing was changed; the new holder carries on.",
            )
        return self._epoch or newest

    def _before(self, name: str) -> EndpointManifest | None:
        """What a deployment replaces; a damaged file is replaced as if it were not there."""
        try:
            return self._read(name)
        except Corrupt as error:
            _log.warning("%s is written anew: %s", name, error.message)
            return None

    def _served_revision(self, name: str) -> int:
        """The newest revision that a process serves, where no file says it."""
        return max((worker.revisions.get(name, 0) for worker in self.workers()), default=0)

    def _verify(self, digest: str, trust_python: bool) -> None:
        models = ModelStore(ArtifactStore(self._artifacts))
        package = models.load(digest)
        for file in package.files.values():
            models.store.verify(file)
        if package.format == "python" and not trust_python:
            models.trust.require(digest)

    def _names(self) -> list[str]:
        return sorted(path.stem for path in self._folder.glob("*.json") if not path.name.startswith("."))

    def _read(self, name: str) -> EndpointManifest | None:
        path = self._folder / f"{name}.json"
        try:
            return EndpointManifest.decode(path.read_bytes(), self.state, source=str(path))
        except FileNotFoundError:
            return None


def checked_name(name: str) -> str:
    """The endpoint name itself; raises `InvalidInput` for one that fits into no address or file name."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise InvalidInput(
            f"{name!r} cannot name an endpoint.",
            mend="Use up to 128 letters, digits, dots, dashes, underscores or spaces, a letter or digit first.",
            field="endpoint",
        )
    return name
