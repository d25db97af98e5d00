"""A person's word for a test that was done by hand: half a point, with a link to what shows it."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

from treadle.errors import InvalidInput, NotFound
from treadle.evidence import Evidence, Ledger, Subject, Verdict
from treadle.readiness.judging import ATTESTED
from treadle.readiness.rules import TESTS

KIND = "readiness"
_LONGEST = 2_000


def attest(
    ledger: Ledger, test: str, *, link: str, note: str, principal: str, expires: str | timedelta = "90d"
) -> Evidence:
    """Put on record that `principal` did the test by hand; `link` leads to the documented result.

    Raises `NotFound` for an unknown test, `InvalidInput` without a web link or a note.
    """
    known(test)
    checked = _link(link)
    said = _text(note, "note", "Say in one sentence what was tested and what came out.")
    verdict = Verdict.of(True, summary=said, link=checked, author=principal)
    return _written(ledger, test, verdict, principal, expires)


def withdraw(ledger: Ledger, test: str, *, why: str, principal: str) -> Evidence:
    """Take an attestation back; both stay in the ledger."""
    known(test)
    said = _text(why, "why", "Say in one sentence why it counts no more.")
    return _written(ledger, test, Verdict.of(False, summary=said), principal, None)


def known(test: str) -> None:
    """Raises `NotFound` for what is not one of the 28."""
    ids = [each.id for each in TESTS]
    if test not in ids:
        raise NotFound.among("test", test, ids, field="test")


def _written(ledger: Ledger, test: str, verdict: Verdict, principal: str, expires: str | timedelta | None) -> Evidence:
    name = f"{ATTESTED}({test})"
    return ledger.record(
        name, "release", Subject(KIND, test), verdict, reaction="warn", expires=expires, principal=principal
    )


def _link(link: str) -> str:
    parts = urlsplit(link.strip())
    if parts.scheme not in ("http", "https") or not parts.netloc or len(link) > _LONGEST:
        raise InvalidInput(
            f"{link!r:.120} is not a link to the documented result.",
            mend="Give an address that others can open: https://…",
            field="link",
        )
    return link.strip()


def _text(text: str, field: str, mend: str) -> str:
    text = " ".join(text.split())
    if not text or len(text) > _LONGEST:
        raise InvalidInput(f"An attestation needs a {field} of 1 to {_LONGEST:,} characters.", mend=mend, field=field)
    return text
