"""What a verdict says in words and examples, as the text that is kept apart and can be erased."""

from __future__ import annotations

from typing import Any

import msgspec

from treadle.errors import InvalidInput
from treadle.evidence.verdict import Verdict


def encode(verdict: Verdict) -> str:
    """Summary and detail as JSON text; raises `InvalidInput` for a detail that cannot be written down."""
    summary = verdict.summary.encode("utf-8", "replace").decode()
    try:
        return _encoder.encode({"summary": summary, "detail": verdict.detail}).decode()
    except (TypeError, ValueError) as error:  # a UnicodeEncodeError is a ValueError
        raise InvalidInput(
            f"The detail of a verdict cannot be written down: {error}.",
            mend="Put plain values into it: text, numbers, dates, lists and mappings with text keys.",
            field="detail",
        ) from error


def decode(text: str) -> tuple[str, dict[str, Any]]:
    """Summary and detail again; what is not such a body comes back as a summary, so that a damaged ledger can be read."""
    try:
        body = msgspec.json.decode(text, type=_Body)
    except msgspec.DecodeError:
        return text, {}
    return body.summary, body.detail


class _Body(msgspec.Struct):
    summary: str
    detail: dict[str, Any]


def _plain(value: Any) -> Any:
    for method in ("tolist", "isoformat", "as_posix"):  # numpy values and arrays, dates of other libraries, paths
        convert = getattr(value, method, None)
        if convert is not None:
            return convert()
    raise TypeError(f"{type(value).__name__} is not a plain value")


_encoder = msgspec.json.Encoder(enc_hook=_plain)
