"""The manifest is canonical, and looking at one never unpickles."""

from __future__ import annotations

import hashlib
import pickle

import msgspec
import pytest

from treadle.artifacts import ArtifactStore
from treadle.errors import Corrupt, NotFound, Refused
from treadle.models import Feed, Field, ModelStore, Package, Parity, Signature

SIGNATURE = Signature((Field("a"), Field("b", "string")), "binary", ("no", "yes"), "y")
PACKAGE = Package(
    "onnx",
    SIGNATURE,
    {"model": "0" * 64},
    parity=Parity(10, 0.0, 0.0, 1.0, True, 1e-4, "all agree"),
    metadata={"loop": "x", "frameworks": {"sklearn": "1.9"}},
    feeds=(Feed("numbers", "float", ("a",)), Feed("texts", "string", ("b",))),
    output="probabilities",
)


class Trap:
    """Marks that it was unpickled."""

    sprung = False

    def __reduce__(self) -> tuple:
        return (_spring, ())


def _spring() -> None:
    Trap.sprung = True


def test_it_comes_back_as_it_was() -> None:
    assert Package.decode(PACKAGE.encode()) == PACKAGE
    assert PACKAGE.digest == hashlib.sha256(PACKAGE.encode()).hexdigest()


def test_the_digest_does_not_know_the_order_of_metadata() -> None:
    from dataclasses import replace

    turned = replace(PACKAGE, metadata=dict(reversed(PACKAGE.metadata.items())))
    assert turned.digest == PACKAGE.digest
    assert replace(PACKAGE, metadata={"loop": "y"}).digest != PACKAGE.digest


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b"[" * 100_000,
        pickle.dumps(Trap()),
        PACKAGE.encode()[:-10],
        PACKAGE.encode().replace(b'"layout":1', b'"layout":2'),
        PACKAGE.encode().replace(b'"treadle":"package"', b'"treadle":"other"'),
        PACKAGE.encode().replace(b'"binary"', b'"ranking"'),
        PACKAGE.encode().replace(b'"onnx"', b'"pickle"'),
    ],
)
def test_anything_else_is_corrupt(data: bytes) -> None:
    with pytest.raises(Corrupt):
        Package.decode(data)
    assert not Trap.sprung


def test_a_manifest_with_a_signature_that_makes_no_sense_is_corrupt() -> None:
    doubled = PACKAGE.encode().replace(b'"name":"b"', b'"name":"a"')
    with pytest.raises(Corrupt):
        Package.decode(doubled)


def test_looking_at_a_python_package_does_not_unpickle_and_opening_it_needs_trust(store: ArtifactStore) -> None:
    pickled = store.put(pickle.dumps(Trap()))
    package = Package("python", SIGNATURE, {"model": pickled})
    digest = store.put(package.encode())
    models = ModelStore(store)
    assert models.load(digest) == package
    with pytest.raises(Refused, match="trust_python=True"):
        models.open(digest)
    models.trust.grant(digest, "a test made it")
    models.open(digest).close()
    models.trust.withdraw(digest)
    with pytest.raises(Refused):
        models.open(digest)
    models.open(digest, trust_python=True).close()
    assert not Trap.sprung


def test_missing_and_damaged_files_are_told_apart(store: ArtifactStore) -> None:
    models = ModelStore(store)
    with pytest.raises(NotFound):
        models.open("0" * 64)
    with pytest.raises(NotFound):
        models.open(store.put(PACKAGE.encode()))
    nothing = Package("onnx", SIGNATURE, {})
    with pytest.raises(NotFound, match="no model file"):
        models.open(store.put(nothing.encode()))
    garbage = Package("onnx", SIGNATURE, {"model": store.put(b"no model")}, feeds=PACKAGE.feeds, output="p")
    with pytest.raises(Corrupt, match="not an ONNX model"):
        models.open(store.put(garbage.encode()))
    assert msgspec.json.decode(garbage.encode())["files"]
