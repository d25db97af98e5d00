"""Deploying writes a manifest whole, counts revisions, and verifies what it points at."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from treadle.artifacts import ArtifactStore
from treadle.errors import Corrupt, InvalidInput, NotFound, Refused, Unavailable
from treadle.models import Field, Package, Signature
from treadle.serving import EndpointManifest, Endpoints, Variant
from treadle.serving.worker_state import WorkerState, alive, read_workers, write_worker


def test_deploying_counts_revisions_and_the_same_again_changes_nothing(endpoints: Endpoints, packaged: Any) -> None:
    first = endpoints.deploy("late", 1, packaged("numbers"))
    assert (first.revision, first.version, first.model) == (1, 1, "late")
    stamp = os.stat(endpoints.state / "endpoints" / "late.json").st_mtime_ns
    assert endpoints.deploy("late", 1, packaged("numbers").digest) == first
    assert os.stat(endpoints.state / "endpoints" / "late.json").st_mtime_ns == stamp
    assert endpoints.deploy("late", 2, packaged("weaker")).revision == 2
    assert endpoints.get("late").version == 2
    assert [manifest.name for manifest in endpoints.list()] == ["late"]


def test_an_unknown_endpoint_gets_the_nearest_name(endpoints: Endpoints, packaged: Any) -> None:
    endpoints.deploy("late-arrival", 1, packaged("numbers"))
    with pytest.raises(NotFound, match="Did you mean 'late-arrival'"):
        endpoints.get("late-arival")
    with pytest.raises(NotFound):
        endpoints.get("../../etc/passwd")
    with pytest.raises(NotFound):
        endpoints.remove("other")
    endpoints.remove("late-arrival")
    assert endpoints.list() == []


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "x" * 129, "a\nb", 5])
def test_names_that_fit_no_file_are_refused(name: Any, endpoints: Endpoints, packaged: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        endpoints.deploy(name, 1, packaged("numbers"))
    assert caught.value.field == "endpoint"


def test_what_cannot_be_opened_is_not_deployed(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path / "artifacts")
    endpoints = Endpoints(tmp_path)
    signature = Signature((Field("x"),), "regression")
    with pytest.raises(NotFound):
        endpoints.deploy("late", 1, "0" * 64)
    gone = Package("onnx", signature, {"model": "1" * 64})
    with pytest.raises(NotFound):
        endpoints.deploy("late", 1, store.put(gone.encode()))
    model = store.put(b"model bytes")
    damaged = store.put(Package("onnx", signature, {"model": model}).encode())
    place = store.path(model)
    place.chmod(0o644)
    place.write_bytes(b"other bytes")
    with pytest.raises(Corrupt):
        endpoints.deploy("late", 1, damaged)
    assert endpoints.list() == []


def test_a_python_package_needs_trust(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path / "artifacts")
    endpoints = Endpoints(tmp_path)
    package = Package("python", Signature((Field("x"),), "regression"), {"model": store.put(b"pickle")})
    digest = store.put(package.encode())
    with pytest.raises(Refused):
        endpoints.deploy("late", 1, digest)
    assert endpoints.deploy("late", 1, digest, trust_python=True).trust_python


def test_variants_stand_side_by_side(endpoints: Endpoints, packaged: Any) -> None:
    variants = [
        Variant(1, packaged("numbers").digest, "champion", 0.9),
        Variant(2, packaged("weaker").digest, "challenger", 0.1),
    ]
    manifest = endpoints.deploy_variants("late", variants, model="late-arrival")
    assert manifest.version == 1
    assert manifest.model == "late-arrival"
    assert EndpointManifest.decode(manifest.encode(endpoints.state), endpoints.state) == manifest


def test_a_project_that_was_moved_serves_from_and_logs_into_itself(
    endpoints: Endpoints, packaged: Any, tmp_path: Path
) -> None:
    endpoints.deploy("late", 1, packaged("numbers"))
    before = endpoints.get("late")
    moved = tmp_path / "elsewhere" / "state"
    shutil.copytree(endpoints.state / "endpoints", moved / "endpoints")
    after = Endpoints(moved).get("late")
    assert after.log == str(moved / "predictions" / "late")
    assert before.log == str(endpoints.state / "predictions" / "late")
    outside = Path(before.artifacts)
    inside = outside.is_relative_to(endpoints.state)
    assert after.artifacts == str(moved / outside.relative_to(endpoints.state) if inside else outside)


@pytest.mark.parametrize("data", [b"", b"{", b"{}", b'{"name":"x"}', b"\xff"])
def test_a_damaged_manifest_says_how_to_mend_it(data: bytes, deploy: Callable[..., Endpoints]) -> None:
    endpoints = deploy("late")
    (endpoints.state / "endpoints" / "late.json").write_bytes(data)
    with pytest.raises(Corrupt, match="Deploy the version again"):
        endpoints.get("late")


def test_two_who_deploy_at_once_get_revisions_of_their_own(endpoints: Endpoints, packaged: Any) -> None:
    packages = [packaged("numbers"), packaged("weaker")]
    revisions: list[int] = []

    def work(offset: int) -> None:
        for number in range(10):
            revisions.append(endpoints.deploy("late", offset + number, packages[number % 2]).revision)

    threads = [threading.Thread(target=work, args=(offset,)) for offset in (100, 200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(revisions) == list(range(1, 21))


def test_a_folder_that_cannot_be_written_is_unavailable(tmp_path: Path, packaged: Any) -> None:
    (tmp_path / "state").write_text("a file where a folder should be")
    endpoints = Endpoints(tmp_path / "state", artifacts=packaged.store.root)
    with pytest.raises(Unavailable):
        endpoints.deploy("late", 1, packaged("numbers"))


def test_workers_say_what_they_serve(deploy: Callable[..., Endpoints]) -> None:
    endpoints = deploy("late")
    assert endpoints.workers() == []
    assert endpoints.settled("late")
    write_worker(endpoints.state, WorkerState(worker="0", pid=os.getpid(), revisions={"late": 0}))
    assert not endpoints.settled("late")
    write_worker(endpoints.state, WorkerState(worker="0", pid=os.getpid(), revisions={"late": 1}))
    assert endpoints.settled("late")


def test_the_dead_and_the_unreadable_are_not_workers(tmp_path: Path) -> None:
    write_worker(tmp_path, WorkerState(worker="gone", pid=2**22 + 1))
    write_worker(tmp_path, WorkerState(worker="here", pid=os.getpid()))
    (tmp_path / "workers" / "bad.json").write_bytes(b"{")
    assert [worker.worker for worker in read_workers(tmp_path)] == ["here"]
    assert not alive(2**22 + 1)
