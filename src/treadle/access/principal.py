"""Who acts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from treadle.errors import InvalidInput

Kind = Literal["person", "service", "system"]


@dataclass(frozen=True)
class Principal:
    """A person, a service, or Treadle itself (`system`), by the name that records show.

    >>> Principal("ada")
    Principal(name='ada', kind='person')
    """

    name: str
    kind: Kind = "person"

    def __post_init__(self) -> None:
        if not self.name.strip() or len(self.name) > 128 or not self.name.isprintable():
            raise InvalidInput(
                f"{self.name[:140]!r} cannot be the name of a principal.",
                mend="Use 1 to 128 visible characters.",
                field="principal",
            )
        if self.kind not in get_args(Kind):
            raise InvalidInput(
                f"{self.kind!r} is not a kind of principal.", mend="Choose person, service or system.", field="kind"
            )
