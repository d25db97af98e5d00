"""What an endpoint serves, as one small file that workers follow."""

from __future__ import annotations

from typing import Any

import msgspec

from treadle.errors import Corrupt


class Variant(msgspec.Struct, frozen=True):
    """One model version behind an endpoint; `package` is the digest of its files, `weight` its share of the traffic."""

    version: int
    package: str
    name: str = "champion"
    weight: float = 1.0


class EndpointManifest(msgspec.Struct, frozen=True, kw_only=True):
    """An endpoint: the variants it serves, where their files and features are, and where its predictions are logged.

    `revision` grows by one with every change. `lookup` is the plan by which the server adds online features (None: the request
    brings every column), `online` the file of the online store. Paths are absolute.
    """

    name: str
    model: str
    variants: tuple[Variant, ...]
    artifacts: str
    log: str
    revision: int
    lookup: dict[str, Any] | None = None
    online: str = ""
    trust_python: bool = False
    layout: int = 1

    @property
    def version(self) -> int:
        """The model version most of the traffic gets."""
        return self.variants[0].version

    @property
    def package(self) -> str:
        """The digest of that version's package."""
        return self.variants[0].package

    def encode(self) -> bytes:
        """The manifest as JSON a person can read."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2)

    @classmethod
    def decode(cls, data: bytes, *, source: str = "") -> EndpointManifest:
        """The manifest in a file. Raises `Corrupt` when it is none."""
        try:
            manifest = msgspec.json.decode(data, type=cls)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise Corrupt(
                f"The endpoint file {source} cannot be read: {error}.",
                mend="Deploy the version again; that writes it anew.",
            ) from error
        if manifest.layout != 1 or not manifest.variants:
            raise Corrupt(
                f"The endpoint file {source} is of another release of Treadle, or serves nothing.",
                mend="Deploy the version again; that writes it anew.",
            )
        return manifest
