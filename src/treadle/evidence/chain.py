"""How records are tied to each other, so that no page can be changed, moved, torn out or cut off unseen.

The digest of a record is SHA-256 over its header as canonical JSON; the header holds the digest of the body and the digest of
the record before. Bodies (sentences, offending rows) stay apart: each is hashed with 16 random bytes, so that once it is erased
its digest says nothing about it, while the chain still holds. An erasure is itself a record, so a body that merely vanished is
found. Whoever can rewrite the whole book and the head can forge a whole new chain; a checkpoint kept elsewhere finds that too.

Canonical JSON: keys sorted, no spaces, UTF-8, numbers as Python's shortest `repr`: any language can recompute it.
Source: S. Haber, W. S. Stornetta, "How to time-stamp a digital document" (1991), linking.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ERASURE = "erasure"
ERASED_KIND = "evidence"

Header = Mapping[str, Any]


@dataclass(frozen=True)
class Break:
    """One place where the chain does not hold."""

    sequence: int
    id: str
    problem: str


@dataclass(frozen=True)
class Verification:
    """What going through the whole chain found."""

    ok: bool
    records: int
    broken: list[Break]


def genesis(project: str) -> str:
    """What the first record of a project follows."""
    return hashlib.sha256(f"treadle evidence 1\n{project}".encode()).hexdigest()


def seal(salt: str, body: str) -> str:
    """The digest of a body; without the salt nobody can try out what it said."""
    return hashlib.sha256(f"{salt}\n{body}".encode()).hexdigest()


def link(header: Header) -> str:
    """The digest of a record, from its header (everything but its own digest)."""
    text = json.dumps(header, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=repr)
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass
class Walk:
    """Goes through a chain record by record, in order, and remembers what does not hold.

    `anchors` are the digests that some sequences must have, known from outside the book.
    """

    project: str
    anchors: Mapping[int, str] = field(default_factory=dict)
    broken: list[Break] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._records = 0
        self._sequence = 0
        self._previous = genesis(self.project)
        self._bodiless: dict[str, int] = {}
        self._erased: set[str] = set()
        self._seen: set[int] = set()

    def step(self, header: Header, digest: str, body: tuple[str, str] | None) -> None:
        """The next record: its header, the digest it claims, and its `(salt, body)` if that is still there."""
        sequence, name, expected = header["sequence"], header["id"], self._sequence + 1
        if sequence != expected:
            self._note(sequence, name, f"it follows record {self._sequence}: records are missing, doubled or moved")
        if header["previous"] != self._previous:
            self._note(sequence, name, "it does not follow the record before it")
        if link(header) != digest:
            self._note(sequence, name, "it was changed after it was written")
        if body is None:
            self._bodiless[name] = sequence
        elif seal(*body) != header["body"]:
            self._note(sequence, name, "its body was changed after it was written")
        if header["check"] == ERASURE and header["subject_kind"] == ERASED_KIND:
            self._erased.add(header["subject_id"])
        if self.anchors.get(sequence, digest) != digest:
            self._note(sequence, name, "it is not the record that the checkpoint saw")
        if sequence in self.anchors:
            self._seen.add(sequence)
        self._records += 1
        self._sequence = sequence if isinstance(sequence, int) else expected
        self._previous = digest

    def finish(self, head: tuple[int, str] | None) -> Verification:
        """The verdict on the chain; `head` is the last sequence and digest the ledger itself remembers."""
        for name, sequence in self._bodiless.items():
            if name not in self._erased:
                self._note(sequence, name, "its body is gone and no erasure of it was recorded")
        if (head or (0, genesis(self.project))) != (self._sequence, self._previous):
            self._note(
                self._sequence, "", "the ledger does not end where it says it ends: records were cut off or added"
            )
        for sequence, digest in self.anchors.items():
            if sequence == 0 and digest != genesis(self.project):
                self._note(0, "", "the checkpoint belongs to another ledger")
            elif sequence != 0 and sequence not in self._seen:
                self._note(sequence, "", "the record of the checkpoint is not there: the ledger was cut short")
        return Verification(not self.broken, self._records, self.broken)

    def _note(self, sequence: int, name: str, problem: str) -> None:
        self.broken.append(Break(sequence, name, problem))
