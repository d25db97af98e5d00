"""Who needs which bytes."""

from __future__ import annotations

import os
import threading
from datetime import UTC, datetime, timedelta

import pytest

from treadle.artifacts import Reference, References, Sweep
from treadle.errors import InvalidInput, NotFound
from treadle.testing import Ground


def old(ground: Ground, data: bytes, days: float = 2) -> str:
    """An artifact of this test alone that was put some days ago."""
    digest = ground.artifacts.put(data + ground.project.encode())
    age(ground, digest, days)
    return digest


def age(ground: Ground, digest: str, days: float) -> None:
    moment = ground.clock.wall().timestamp() - days * 86_400
    os.utime(ground.artifacts.path(digest), (moment, moment))


def test_holding_and_releasing(ground: Ground) -> None:
    one, two = ground.artifacts.put(b"1"), ground.artifacts.put(b"2")
    ground.references.hold(one, "run:2", kind="output")
    ground.references.hold(one, "run:1", kind="output")
    ground.references.hold(one, "run:1", kind="log")
    ground.references.hold(two, "run:1", kind="output")
    assert ground.references.owners(one) == ("run:1", "run:2")
    assert ground.references.held("run:2") == (Reference(one, "run:2", "output", ground.clock.now()),)
    assert ground.references.release("run:1") == 3
    assert ground.references.owners(one) == ("run:2",)
    assert ground.references.owners(two) == ()
    assert ground.references.release("run:1") == 0


def test_holding_again_changes_nothing(ground: Ground) -> None:
    digest = ground.artifacts.put(b"1")
    ground.references.hold(digest, "a", kind="k")
    first = ground.references.of(digest)
    ground.clock.advance("1d")
    ground.references.hold(digest, "a", kind="k")
    assert ground.references.of(digest) == first


def test_what_is_not_there_cannot_be_held(ground: Ground) -> None:
    with pytest.raises(NotFound) as caught:
        ground.references.hold("0" * 64, "a", kind="k")
    assert "Put its bytes again" in caught.value.mend


@pytest.mark.parametrize(
    ("owner", "kind", "field"), [("", "k", "owner"), ("a", "", "kind"), ("a", "legal_hold", "kind")]
)
def test_a_hold_needs_an_owner_and_a_kind(ground: Ground, owner: str, kind: str, field: str) -> None:
    digest = ground.artifacts.put(b"1")
    with pytest.raises(InvalidInput) as caught:
        ground.references.hold(digest, owner, kind=kind)
    assert caught.value.field == field


def test_a_sweep_takes_what_nobody_needs_and_says_so_first(ground: Ground) -> None:
    kept, gone = old(ground, b"kept"), old(ground, b"unneeded")
    ground.references.hold(kept, "a", kind="k")
    size = ground.artifacts.size(gone)
    assert ground.references.sweep() == Sweep((gone,), size, 0, dry_run=True)
    assert ground.artifacts.exists(gone)
    assert ground.references.sweep(dry_run=False) == Sweep((gone,), size, 0, dry_run=False)
    assert not ground.artifacts.exists(gone)
    assert ground.artifacts.exists(kept)
    assert ground.references.sweep(dry_run=False).deleted == ()


@pytest.mark.parametrize(("days", "swept"), [(0.5, False), (0.99, False), (1.01, True)])
def test_a_sweep_leaves_what_is_young(ground: Ground, days: float, swept: bool) -> None:
    digest = old(ground, b"x", days)
    assert (ground.references.sweep().deleted == (digest,)) is swept


def test_the_age_that_is_swept_is_a_choice(ground: Ground) -> None:
    digest = old(ground, b"x", days=3)
    assert ground.references.sweep(older_than="7d").deleted == ()
    assert ground.references.sweep(older_than=timedelta(days=2)).deleted == (digest,)
    with pytest.raises(InvalidInput) as caught:
        ground.references.sweep(older_than="0s")
    assert caught.value.field == "older_than"


def test_putting_again_makes_young(ground: Ground) -> None:
    ground.clock.machine = datetime.now(UTC)
    digest = old(ground, b"x")
    assert ground.references.sweep().deleted == (digest,)
    ground.artifacts.put(b"x" + ground.project.encode())
    assert ground.references.sweep().deleted == ()


def test_a_sweep_takes_half_written_files(ground: Ground) -> None:
    half = ground.artifacts.root / "half"
    half.mkdir(parents=True, exist_ok=True)
    for name, days in [("old", 2.0), ("young", 0.1)]:
        (half / name).write_bytes(b"12345")
        moment = ground.clock.wall().timestamp() - days * 86_400
        os.utime(half / name, (moment, moment))
    assert ground.references.sweep() == Sweep((), 5, 1, dry_run=True)
    ground.references.sweep(dry_run=False)
    assert [path.name for path in half.iterdir()] == ["young"]


def test_a_sweep_minds_other_projects_on_the_same_bytes(ground: Ground) -> None:
    other = References(ground.database, ground.artifacts, f"{ground.project}-other", ground.clock)
    digest = old(ground, b"x")
    other.hold(digest, "theirs", kind="k")
    assert ground.references.owners(digest) == ()
    assert ground.references.sweep(dry_run=False).deleted == ()
    assert ground.references.release("theirs") == 0
    assert other.owners(digest) == ("theirs",)


def test_a_legal_hold_stays_until_it_is_lifted(ground: Ground) -> None:
    digest = old(ground, b"x")
    ground.references.hold(digest, "counsel", kind="k")
    ground.references.legal_hold(digest, "Case 7.", owner="counsel")
    assert [(found.kind, found.note) for found in ground.references.of(digest)] == [
        ("k", ""),
        ("legal_hold", "Case 7."),
    ]
    assert ground.references.release("counsel") == 1
    assert ground.references.sweep(dry_run=False).deleted == ()
    assert ground.references.lift_legal_hold(digest) == 1
    assert ground.references.sweep(dry_run=False).deleted == (digest,)


def test_a_legal_hold_needs_a_reason_and_bytes(ground: Ground) -> None:
    digest = ground.artifacts.put(b"x")
    with pytest.raises(InvalidInput) as caught:
        ground.references.legal_hold(digest, " ")
    assert caught.value.field == "why"
    with pytest.raises(NotFound):
        ground.references.legal_hold("0" * 64, "Case 7.")


def test_a_large_store_is_swept_in_parts(ground: Ground) -> None:
    digests = [old(ground, f"{n}".encode()) for n in range(450)]
    for digest in digests[::3]:
        ground.references.hold(digest, "a", kind="k")
    swept = ground.references.sweep(dry_run=False)
    assert sorted(swept.deleted) == sorted(set(digests) - set(digests[::3]))
    assert list(ground.artifacts.digests()) == sorted(digests[::3])


def test_nothing_that_is_held_is_ever_swept(ground: Ground) -> None:
    """Putting, holding and sweeping at once: a hold either finds its bytes, and keeps them, or says that they are gone."""
    ground.clock.machine = datetime.now(UTC)
    stop = threading.Event()
    swept: list[str] = []

    def sweep() -> None:
        while not stop.is_set():
            swept.extend(ground.references.sweep(dry_run=False).deleted)

    sweeper = threading.Thread(target=sweep)
    sweeper.start()
    held = []
    try:
        for number in range(80):
            digest = old(ground, f"{number}".encode(), days=2 * (number % 2))
            try:
                ground.references.hold(digest, "a", kind="k")
                held.append(digest)
            except NotFound:
                assert number % 2, "bytes that were put just now are never swept"
    finally:
        stop.set()
        sweeper.join()
    assert all(ground.artifacts.exists(digest) for digest in held)
    assert not set(held) & set(swept)
