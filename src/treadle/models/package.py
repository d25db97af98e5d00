"""A model as files: the manifest that names them, what they read and answer, and how true they are to the original."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import msgspec

from treadle.errors import Corrupt, InvalidInput
from treadle.models.signature import Signature

Format = Literal["onnx", "python"]
FeedKind = Literal["float", "double", "int64", "int32", "boolean", "string"]

_encoder = msgspec.json.Encoder(order="sorted")


@dataclass(frozen=True)
class Feed:
    """One input of the model file and the columns that fill it, side by side; `flat` inputs have one axis only."""

    name: str
    kind: FeedKind
    columns: tuple[str, ...]
    flat: bool = False


@dataclass(frozen=True)
class Parity:
    """How far the packaged file is from the original estimator on the same real rows.

    `tolerance` is absolute, in the unit of the answer: of the scores (probabilities), or of the predicted value.
    `label_agreement` is the share of rows with the same label (for regression: within the tolerance).
    """

    rows: int
    max_abs_difference: float
    mean_abs_difference: float
    label_agreement: float
    passed: bool
    tolerance: float
    reason: str


@dataclass(frozen=True)
class Package:
    """The manifest of a packaged model; `digest` is the SHA-256 of its canonical JSON.

    `files` maps a role (`"model"`) to the digest of its bytes. `feeds` and `output` say how an ONNX file is asked: which columns
    fill which input, and which output holds the scores or values. `reason` says why a Python package is not ONNX.
    """

    format: Format
    signature: Signature
    files: dict[str, str]
    parity: Parity | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    feeds: tuple[Feed, ...] = ()
    output: str = ""
    reason: str = ""

    @property
    def digest(self) -> str:
        """The SHA-256 of the manifest, in hexadecimal: the name of this model among the artifacts."""
        return hashlib.sha256(self.encode()).hexdigest()

    def encode(self) -> bytes:
        """The manifest as canonical JSON; equal packages have equal bytes."""
        return _encoder.encode({"treadle": "package", "layout": 1, **asdict(self)})

    @classmethod
    def decode(cls, data: bytes) -> Package:
        """The package a manifest describes. Raises `Corrupt` when it is not a manifest; nothing is unpickled."""
        try:
            manifest = _decoder.decode(data)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, InvalidInput) as error:
            raise Corrupt(
                f"These bytes are not the manifest of a model package: {error}.",
                mend="Name the digest of a package; `treadle models` lists them.",
                field="package",
            ) from error
        if manifest.treadle != "package" or manifest.layout != 1:
            raise Corrupt(
                f"This is a {manifest.treadle!r} of layout {manifest.layout}, not a model package this release can read.",
                mend="Update Treadle, or package the model again.",
                field="package",
            )
        return manifest.package()


@dataclass(frozen=True)
class _Manifest:
    treadle: str
    layout: int
    format: Format
    signature: Signature
    files: dict[str, str]
    parity: Parity | None
    metadata: dict[str, Any]
    feeds: tuple[Feed, ...]
    output: str
    reason: str

    def package(self) -> Package:
        return Package(
            format=self.format,
            signature=self.signature,
            files=self.files,
            parity=self.parity,
            metadata=self.metadata,
            feeds=self.feeds,
            output=self.output,
            reason=self.reason,
        )


_decoder = msgspec.json.Decoder(_Manifest)
