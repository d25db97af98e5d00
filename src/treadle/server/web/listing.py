"""A list on a page: filtered, sorted and cut into pages, with all of that in the address."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

Row = TypeVar("Row")
PER_PAGE = 50
_ADDRESSED = ("q", "sort", "page")


@dataclass(frozen=True)
class Choice:
    """A filter with a few values to choose from."""

    name: str
    title: str
    values: tuple[str, ...]
    chosen: str


@dataclass(frozen=True)
class Listing(Generic[Row]):
    """The rows of one page of a list, and the addresses of every other state of it."""

    path: str
    params: Mapping[str, str]
    rows: Sequence[Row]
    total: int
    found: int
    query: str = ""
    sort: str = ""
    descending: bool = False
    page: int = 1
    pages: int = 1
    sortable: frozenset[str] = frozenset()
    choices: tuple[Choice, ...] = ()
    noun: str = "row"
    kept_names: tuple[str, ...] = field(default=())

    @property
    def filtered(self) -> bool:
        """Whether anything is filtered away by what the address says."""
        return bool(self.query or any(choice.chosen for choice in self.choices))

    @property
    def summary(self) -> str:
        """How many there are."""
        noun = self.noun if self.total == 1 else _plural(self.noun)
        return f"{self.found:,} of {self.total:,} {noun}" if self.filtered else f"{self.total:,} {noun}"

    @property
    def kept(self) -> list[tuple[str, str]]:
        """What a filter form must carry along in hidden fields."""
        own = {"q", "page", *(choice.name for choice in self.choices)}
        return [(name, value) for name, value in self.params.items() if name not in own]

    @property
    def clear_link(self) -> str:
        """The address without filters."""
        return self.link(q=None, page=None, **{choice.name: None for choice in self.choices})

    def sort_link(self, key: str) -> str:
        """The address sorted by `key`; the other way round when it is so already."""
        descending = not self.descending if key == self.sort else False
        return self.link(sort=f"-{key}" if descending else key, page=None)

    def page_link(self, page: int) -> str:
        """The address of another page."""
        return self.link(page=str(page) if page > 1 else None)

    def link(self, **changes: str | None) -> str:
        """The address with some parameters changed; None takes one away."""
        merged = {**self.params, **changes}
        kept = {name: value for name, value in merged.items() if value}
        return f"{self.path}?{urlencode(kept)}" if kept else self.path


def listed(
    path: str,
    params: Mapping[str, str],
    rows: Iterable[Row],
    *,
    sorts: Mapping[str, Callable[[Row], Any]],
    sort: str,
    text: Callable[[Row], str],
    choices: Mapping[str, tuple[str, Callable[[Row], str]]] | None = None,
    per_page: int = PER_PAGE,
    noun: str = "row",
) -> Listing[Row]:
    """The list of `rows` in the state that `params` (of the address) say.

    `sorts` maps a column's key to what it sorts by, `sort` is the order at first (`-key` for descending), `text` what the
    search looks in (every word must occur), `choices` maps a parameter to its title and the value of a row. What the address
    says wrongly (an unknown column, page 999) falls back to the default instead of failing.
    """
    everything = list(rows)
    query = params.get("q", "").strip()
    offered = []
    found = everything
    for name, (title, value) in (choices or {}).items():
        values = sorted({value(row) for row in everything} - {""})
        chosen = params.get(name, "") if params.get(name, "") in values else ""
        offered.append(Choice(name, title, tuple(values), chosen))
        found = [row for row in found if not chosen or value(row) == chosen]
    words = query.lower().split()
    found = [row for row in found if all(word in text(row).lower() for word in words)]
    key, descending = _order(params.get("sort", ""), sorts, sort)
    found = sorted(found, key=_missing_last(sorts[key], descending), reverse=descending)
    pages = max(1, -(-len(found) // per_page))
    page = min(max(_whole(params.get("page", "1")), 1), pages)
    return Listing(
        path=path,
        params=dict(params),
        rows=found[(page - 1) * per_page : page * per_page],
        total=len(everything),
        found=len(found),
        query=query,
        sort=key,
        descending=descending,
        page=page,
        pages=pages,
        sortable=frozenset(sorts),
        choices=tuple(offered),
        noun=noun,
    )


def _order(wanted: str, sorts: Mapping[str, Any], default: str) -> tuple[str, bool]:
    chosen = wanted if wanted.removeprefix("-") in sorts else default
    return chosen.removeprefix("-"), chosen.startswith("-")


def _missing_last(value: Callable[[Row], Any], descending: bool) -> Callable[[Row], tuple[bool, Any]]:
    def key(row: Row) -> tuple[bool, Any]:
        found = value(row)
        missing = found is None or found != found
        return (missing != descending, 0 if missing else found)

    return key


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 1


def _plural(noun: str) -> str:
    return f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
