"""Lists: filtered, sorted and paged by what the address says."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from treadle.server.web.listing import Listing, listed

Row = tuple[str, float | None]
ROWS: list[Row] = [("pear", 3.0), ("apple", None), ("fig", 1.0), ("plum", 2.0), ("apple pie", 9.0)]


def fruits(params: dict[str, str], rows: list[Row] = ROWS, per_page: int = 50) -> Listing[Row]:
    return listed(
        "/fruits",
        params,
        rows,
        sorts={"name": lambda r: r[0], "size": lambda r: r[1]},
        sort="name",
        text=lambda r: r[0],
        choices={"letter": ("Letter", lambda r: r[0][:1])},
        per_page=per_page,
        noun="fruit",
    )


def names(found: Listing[Row]) -> list[str]:
    return [row[0] for row in found.rows]


def test_it_starts_in_its_default_order() -> None:
    found = fruits({})
    assert names(found) == ["apple", "apple pie", "fig", "pear", "plum"]
    assert (found.sort, found.descending, found.summary, found.filtered) == ("name", False, "5 fruits", False)


def test_missing_values_come_last_either_way() -> None:
    assert names(fruits({"sort": "size"})) == ["fig", "plum", "pear", "apple pie", "apple"]
    assert names(fruits({"sort": "-size"})) == ["apple pie", "pear", "plum", "fig", "apple"]


def test_every_word_of_a_search_must_occur() -> None:
    found = fruits({"q": " PIE apple "})
    assert names(found) == ["apple pie"]
    assert found.summary == "1 of 5 fruits"


def test_choices_offer_what_occurs_and_filter_by_it() -> None:
    found = fruits({"letter": "p"})
    assert names(found) == ["pear", "plum"]
    assert found.choices[0].values == ("a", "f", "p")
    assert names(fruits({"letter": "z"})) == names(fruits({}))


def test_links_keep_the_rest_of_the_state() -> None:
    found = fruits({"q": "a", "sort": "-size", "page": "2", "letter": "a"})
    assert parse_qs(urlsplit(found.sort_link("name")).query) == {"q": ["a"], "sort": ["name"], "letter": ["a"]}
    assert parse_qs(urlsplit(found.sort_link("size")).query)["sort"] == ["size"]
    assert parse_qs(urlsplit(found.clear_link).query) == {"sort": ["-size"]}
    assert dict(found.kept) == {"sort": "-size"}
    assert fruits({"page": "2"}, per_page=2).page_link(1) == "/fruits"


def test_a_sorted_column_turns_round() -> None:
    assert parse_qs(urlsplit(fruits({"sort": "size"}).sort_link("size")).query)["sort"] == ["-size"]
    assert parse_qs(urlsplit(fruits({}).sort_link("size")).query)["sort"] == ["size"]


@given(
    st.dictionaries(st.sampled_from(["q", "sort", "page", "letter", "other"]), st.text(max_size=12)),
    st.lists(st.tuples(st.text(max_size=5), st.none() | st.floats()), max_size=30),
    st.integers(1, 10),
)
def test_whatever_the_address_says_there_is_a_page(params: dict[str, str], rows: list[Row], per_page: int) -> None:
    found = fruits(params, rows, per_page)
    assert 1 <= found.page <= found.pages
    assert len(found.rows) <= per_page
    assert found.found <= found.total == len(rows)
    assert found.rows or found.found == 0


@given(st.lists(st.tuples(st.text(max_size=5), st.floats(allow_nan=False)), max_size=40), st.integers(1, 7))
def test_the_pages_together_are_the_whole_list(rows: list[Row], per_page: int) -> None:
    pages = fruits({}, rows, per_page).pages
    together = [row for page in range(1, pages + 1) for row in fruits({"page": str(page)}, rows, per_page).rows]
    assert together == sorted(rows, key=lambda row: row[0])
