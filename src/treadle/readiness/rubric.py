"""A test of the ML Test Score: what is asked, and which evidence answers it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from treadle.clock import duration

Section = Literal["data", "model", "infrastructure", "monitoring"]
SECTIONS: tuple[Section, ...] = ("data", "model", "infrastructure", "monitoring")


@dataclass(frozen=True)
class Need:
    """Evidence a test needs: the newest word of one of these `checks`, no older than `fresh` of business time.

    A check is meant with all its parameters: `slices` stands for `slices(origin)` too. With `holds` the check must have said
    yes (about the version in service, where it is about versions); without, it is enough that it was asked and could answer:
    a monitor that found something wrong has done its work.
    """

    checks: tuple[str, ...]
    holds: bool = True
    fresh: str = "90d"
    about: tuple[str, ...] = ()  # kinds of subject; empty: any

    @property
    def span(self) -> timedelta:
        """How long the evidence counts."""
        return duration(self.fresh)


@dataclass(frozen=True)
class Test:
    """One of the 28: its place, its title in the paper's words, its question, what it needs, and how to come by that.

    `step` says how to get evidence, `mend` what to do once there is some that says no.
    """

    __test__ = False  # pytest takes every class named Test for tests

    section: Section
    number: int
    title: str
    question: str
    needs: tuple[Need, ...]
    step: str
    mend: str = ""

    @property
    def id(self) -> str:
        """How commands and links name it.

        >>> Test("data", 1, "", "", (), "").id
        'data-1'
        """
        return f"{self.section}-{self.number}"


def family(check: str) -> str:
    """The check without its parameters.

    >>> family("slices(origin, carrier)")
    'slices'
    """
    return check.partition("(")[0]
