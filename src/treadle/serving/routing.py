"""Which variant answers a request: a pure decision, sticky by key."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

from treadle.errors import InvalidInput, NotFound
from treadle.serving.manifest import Variant


def choose(variants: Sequence[Variant], key: str) -> Variant:
    """The variant for a key: the same key gets the same variant for as long as the weights stay.

    Each variant owns a stretch of the unit interval as long as its weight; the key's hash is a point on it.

    >>> choose([Variant(3, "a"), Variant(4, "b", "challenger", 0.0)], "EWR").version
    3
    """
    if len(variants) == 1:
        return variants[0]
    total = sum(variant.weight for variant in variants)
    if total <= 0:
        return variants[0]
    point = zlib.crc32(key.encode("utf-8", "replace")) / 2**32 * total
    for variant in variants:
        point -= variant.weight
        if point < 0:
            return variant
    return variants[0]


def pinned(variants: Sequence[Variant], version: str, endpoint: str) -> Variant:
    """The variant of the version a request names. Raises `NotFound` that names the versions that are served."""
    for variant in variants:
        if str(variant.version) == version:
            return variant
    served = ", ".join(str(variant.version) for variant in variants)
    raise NotFound(
        f"Version {version!r} of {endpoint!r} is not served.",
        mend=f"Served: {served}. Deploy it first.",
        field="version",
    )


def checked_weights(variants: Sequence[Variant]) -> None:
    """Raises `InvalidInput` for shares that are negative or all zero, and for a name or version that stands twice."""
    for field, values in (("version", [v.version for v in variants]), ("name", [v.name for v in variants])):
        if len(set(values)) < len(values):
            raise InvalidInput(f"Two variants have the same {field}.", mend="Name each once.", field="variants")
    if any(variant.weight < 0 for variant in variants) or not sum(variant.weight for variant in variants):
        raise InvalidInput(
            "The traffic of the variants does not add up.", mend="Give shares above zero.", field="variants"
        )
