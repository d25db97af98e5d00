"""The name of bytes is their SHA-256."""

from __future__ import annotations

import hashlib
from typing import TypeAlias

from treadle.errors import InvalidInput

Digest: TypeAlias = str
"""64 lower-case hexadecimal characters."""

_HEX = frozenset("0123456789abcdef")


def digest_of(data: bytes) -> Digest:
    """The SHA-256 of `data` in hexadecimal (FIPS 180-4).

    >>> digest_of(b"")[:16]
    'e3b0c44298fc1c14'
    """
    return hashlib.sha256(data).hexdigest()


def checked(digest: str) -> Digest:
    """The digest itself; raises `InvalidInput` for text that is none (and so never names a path outside the store)."""
    if len(digest) != 64 or not _HEX.issuperset(digest):
        raise InvalidInput(
            f"{digest!r} is not a digest of an artifact.", mend="Give all 64 hexadecimal characters.", field="digest"
        )
    return digest
