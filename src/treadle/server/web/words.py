"""How values are written on pages: numbers, moments, durations, sizes, names of checks, statuses."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any

from markupsafe import Markup

NOTHING = "–"
_TONES = {
    "ok": ("passed", "succeeded", "finished", "champion", "ok", "healthy", "serving", "done", "promoted", "fresh"),
    "warn": ("warned", "stale", "late", "paused", "aborted", "held"),
    "bad": ("failed", "error", "refused", "broken", "killed", "missing", "rolled_back", "timed out"),
    "busy": ("running", "busy"),
}
TONE = {word: tone for tone, words in _TONES.items() for word in words} | {"cached": "ok"}
_ICONS = {"ok": "ok", "warn": "warn", "bad": "bad", "busy": "busy", "idle": "idle"}
_OWN_ICONS = {"cached": "cached", "skipped": "skip", "cancelled": "skip", "archived": "skip"}


def tone(status: str) -> str:
    """Which of the five tones a status has: `ok`, `warn`, `bad`, `busy`, `idle`.

    >>> tone("passed"), tone("refused"), tone("pending")
    ('ok', 'bad', 'idle')
    """
    return TONE.get(status, "idle")


def status_icon(status: str) -> str:
    """The icon of a status; never colour alone."""
    return _OWN_ICONS.get(status, _ICONS[tone(status)])


def number(value: Any, digits: int = 4) -> str:
    """A number with as many digits as help.

    >>> number(0.73123), number(336776), number(1234.5678), number(None), number(0.0000123), number(2.0)
    ('0.7312', '336,776', '1,235', '–', '1.23e-05', '2')
    """
    if value is None or isinstance(value, str):
        return value or NOTHING
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return "not a number" if math.isnan(value) else "∞" if value > 0 else "−∞"
    if float(value).is_integer() and abs(value) < 1e15:
        return f"{int(value):,}".replace("-", "−")
    size = abs(value)
    text = f"{value:,.0f}" if size >= 1000 else f"{value:.{digits}g}" if size >= 1e-4 else f"{value:.3g}"
    return text.replace("-", "−", 1) if text.startswith("-") else text


def whole(value: Any) -> str:
    """A count with thousands apart."""
    return NOTHING if value is None else f"{int(value):,}"


def compact(value: Any) -> str:
    """A count in little room.

    >>> compact(950), compact(26115), compact(336776), compact(1_250_000)
    ('950', '26.1 k', '337 k', '1.25 M')
    """
    if value is None:
        return NOTHING
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            by = 1e3 if unit == "k" else size
            return f"{value / by:.3g} {unit}"
    return f"{value:,.0f}"


def percent(share: float | None, digits: int = 1) -> str:
    """A share as per cent.

    >>> percent(0.2513), percent(0.0001), percent(1.0), percent(0)
    ('25.1 %', '< 0.1 %', '100 %', '0 %')
    """
    if share is None:
        return NOTHING
    if 0 < share < 0.5 * 10 ** -(digits + 2):
        return f"< {10**-digits:g} %"
    return f"{100 * share:.{0 if share in (0, 1) else digits}f} %"


def moment(value: datetime | None) -> str:
    """A moment to the minute; pages say once that times are UTC."""
    if value is None:
        return NOTHING
    return f"{value.day} {value:%b %Y, %H:%M}"


_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def seconds(value: float | None) -> str:
    """A duration.

    >>> seconds(0.0004), seconds(0.25), seconds(12.34), seconds(75), seconds(3700), seconds(200_000)
    ('0.40 ms', '250 ms', '12.3 s', '1 min 15 s', '1 h 1 min', '2 d 7 h')
    >>> seconds(60), seconds(21_600), seconds(604_800)
    ('1 min', '6 h', '7 d')
    """
    if value is None:
        return NOTHING
    if value < 1:
        return f"{_digits(value * 1000)} ms"
    if value < 60:
        return f"{_digits(value)} s"
    whole_seconds = round(value)
    for (unit, larger), (smaller, under) in pairwise(_UNITS):
        if whole_seconds >= (2 if unit == "d" else 1) * larger:
            count, rest = divmod(whole_seconds, larger)
            return f"{count} {unit} {rest // under} {smaller}" if rest // under else f"{count} {unit}"
    return NOTHING


def _digits(value: float) -> str:
    return f"{value:.{2 if value < 10 else 1 if value < 100 else 0}f}"


def size(value: int | None) -> str:
    """A number of bytes.

    >>> size(512), size(150_000), size(350_000_000)
    ('512 B', '146 kB', '334 MB')
    """
    if value is None:
        return NOTHING
    amount = float(value)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1024 or unit == "GB":
            return f"{amount:.0f} {unit}" if unit in ("B", "kB") or amount >= 100 else f"{amount:.3g} {unit}"
        amount /= 1024
    return NOTHING


def short(digest: str | None) -> str:
    """The beginning of a digest or id."""
    return digest[:12] if digest else NOTHING


def json_block(value: Any) -> Markup:
    """JSON for a `<script type="application/json">`: no character in it can end the element."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, default=str)
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))


def pretty(value: Any) -> str:
    """A plain value as a person reads it."""
    if isinstance(value, Mapping | list | tuple):
        return json.dumps(value, indent=2, ensure_ascii=False, default=str)
    if isinstance(value, datetime):
        return moment(value)
    return number(value, 6) if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def sentence(text: str) -> str:
    """Words as a sentence: a capital at the beginning (but of a name in code), a full stop at the end.

    >>> sentence("it passed every gate"), sentence("Is it?"), sentence(""), sentence("dep_delay moved")
    ('It passed every gate.', 'Is it?', '', 'dep_delay moved.')
    """
    text = text.strip()
    if not text:
        return ""
    begin = text if "_" in text.split()[0] else f"{text[:1].upper()}{text[1:]}"
    return f"{begin}{'' if text[-1] in '.?!' else '.'}"


FILTERS: dict[str, Callable[..., Any]] = {
    "tone": tone,
    "status_icon": status_icon,
    "word": lambda status: str(status).replace("_", " ").capitalize(),
    "number": number,
    "int_": whole,
    "compact": compact,
    "percent": percent,
    "moment": moment,
    "seconds": seconds,
    "size": size,
    "short": short,
    "json_block": json_block,
    "pretty": pretty,
    "sentence": sentence,
}
