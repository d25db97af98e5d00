"""Signing what is sent, so that the receiver knows who sent it, that nobody changed it and that it is not an old one.

The signature is HMAC-SHA256 over `id.timestamp.body`, in base64, with the version in front: `v1,…`. A secret written `whsec_…` is
base64 itself; any other is taken as its UTF-8 bytes.
Source: the Standard Webhooks specification 1.0, symmetric signatures.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping

from treadle.errors import InvalidInput

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
TOLERANCE = 300  # seconds by which two machines' clocks may differ


def signature(secret: str, id: str, timestamp: int, body: bytes) -> str:
    """The signature of a body sent at `timestamp` (seconds since 1970).

    >>> signature("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
    """
    mac = hmac.new(_key(secret), f"{id}.{timestamp}.".encode() + body, hashlib.sha256)
    return f"v1,{base64.b64encode(mac.digest()).decode()}"


def verify_webhook(secret: str, headers: Mapping[str, str], body: bytes, *, now: float) -> bool:
    """Whether a request that was received at `now` (seconds since 1970) was signed with `secret` less than five minutes ago.

    Header names are compared without regard to case.
    """
    given = {name.lower(): value for name, value in headers.items()}
    stamp = given.get(TIMESTAMP, "")
    if not stamp.isascii() or not stamp.isdecimal() or abs(now - int(stamp)) > TOLERANCE:
        return False
    wanted = signature(secret, given.get(ID, ""), int(stamp), body)
    return any(hmac.compare_digest(wanted.encode(), one.encode()) for one in given.get(SIGNATURE, "").split())


def _key(secret: str) -> bytes:
    if not secret.startswith("whsec_"):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        raise InvalidInput("A secret that begins with whsec_ must go on in base64.", field="secret") from None
