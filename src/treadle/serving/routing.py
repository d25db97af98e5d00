"""Which variant answers: a pure decision, sticky by key and as good as a draw for whoever does not know the salt."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from treadle.errors import InvalidInput, NotFound
from treadle.serving.manifest import Variant


def point_of(key: str, salt: str = "") -> float:
    """Where a key lies in [0, 1): uniform over keys, and independent from one salt to the next.

    >>> point_of("EWR") == point_of("EWR"), point_of("EWR", "rollout 1") == point_of("EWR", "rollout 2")
    (True, False)
    """
    digest = hashlib.blake2b(key.encode("utf-8", "replace"), digest_size=7, key=salt.encode()[:64]).digest()
    return (int.from_bytes(digest, "big") >> 3) / 2**53


def choose(variants: Sequence[Variant], key: str, salt: str = "") -> Variant:
    """The variant for a key. Shadows answer nobody.

    Each variant but the first owns a stretch of [0, 1), side by side from 0 on, as long as its share; the first has the rest. So
    whoever has the challenger keeps it when its share grows, and another salt chooses other keys.

    >>> choose([Variant(3, "a"), Variant(4, "b", "challenger", 0.0)], "EWR").version
    3
    """
    drawn = [variant for variant in variants if not variant.shadow]
    if len(drawn) == 1:
        return drawn[0]
    point, edge = point_of(key, salt), 0.0
    for variant, share in list(zip(drawn, shares(drawn), strict=True))[1:]:
        edge += share
        if point < edge:
            return variant
    return drawn[0]


def shares(variants: Sequence[Variant]) -> list[float]:
    """The part of the traffic each variant gets; a shadow gets none.

    >>> shares([Variant(3, "a", weight=9), Variant(4, "b", "challenger", 1)])
    [0.9, 0.1]
    """
    weights = [0.0 if variant.shadow else variant.weight for variant in variants]
    total = sum(weights)
    return [weight / total for weight in weights] if total > 0 else [1.0, *[0.0] * (len(weights) - 1)]


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
    """Raises `InvalidInput` for shares that are negative or all zero, for a name or version that stands twice, and for a first
    variant that answers nobody."""
    for field, values in (("version", [v.version for v in variants]), ("name", [v.name for v in variants])):
        if len(set(values)) < len(values):
            raise InvalidInput(f"Two variants have the same {field}.", mend="Name each once.", field="variants")
    if not variants or variants[0].shadow:
        raise InvalidInput("The first variant answers requests.", mend="Put the shadow behind it.", field="variants")
    if any(variant.weight < 0 for variant in variants) or not sum(v.weight for v in variants if not v.shadow):
        raise InvalidInput(
            "The traffic of the variants does not add up.", mend="Give shares above zero.", field="variants"
        )
