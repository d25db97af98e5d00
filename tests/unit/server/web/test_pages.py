"""Every page: there, complete, escaped, and leading nowhere that is not there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import pytest

from tests.unit.server.conftest import Served
from treadle.evidence import Subject, Verdict
from treadle.server.web.views.models import model_rows
from treadle.testing.constant import constant_package

PAGES = (
    "/",
    "/datasets",
    "/datasets/parcels/1",
    "/datasets/parcels/2",
    "/datasets/parcels/diff?before=1&after=2",
    "/features",
    "/features/depot_load",
    "/features/depot_load?depot=N&at=2020-02-08T13:00:00Z",
    "/executions",
    "/runs",
    "/models",
    "/models/late-parcel",
    "/models/late-parcel/1",
    "/models/late-parcel/2",
    "/endpoints",
    "/endpoints/late-parcel",
    "/evidence",
    "/evidence/verify",
    "/status",
)


class Reader(HTMLParser):
    """Collects what a page is made of."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text: list[str] = []
        self.open: list[str] = []
        self.raw = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag in ("script", "style"):
            self.raw += 1

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self.raw -= 1

    def handle_data(self, data: str) -> None:
        if not self.raw:
            self.text.append(data)

    def of(self, *names: str) -> Iterator[dict[str, str]]:
        return (attrs for tag, attrs in self.tags if tag in names)


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    return reader


@pytest.fixture(scope="module")
def pages(served: Served) -> dict[str, Reader]:
    """Every page, read once."""
    evidence = served.json("/evidence", limit=1)[0]["id"]
    runs = [run["id"] for run in served.json("/runs", limit=3)["runs"]]
    more = (
        f"/executions/{served.execution}",
        f"/executions/{served.execution}/steps/train",
        f"/runs/{served.run}",
        f"/runs/compare?{'&'.join(f'id={run}' for run in runs)}",
        f"/evidence/{evidence}",
    )
    return {path: read(served.page(path)) for path in (*PAGES, *more)}


def test_every_page_has_one_heading_a_title_and_a_language(pages: dict[str, Reader]) -> None:
    for path, page in pages.items():
        assert len(list(page.of("h1"))) == 1, path
        assert len(list(page.of("title"))) >= 1, path
        assert next(page.of("html"))["lang"] == "en", path


def test_nothing_on_a_page_needs_a_looser_policy(pages: dict[str, Reader]) -> None:
    """No inline script or style, nothing from elsewhere: what `script-src 'self'; style-src 'self'` would refuse."""
    for path, page in pages.items():
        for tag, attrs in page.tags:
            assert "style" not in attrs, (path, tag)
            assert not [name for name in attrs if name.startswith("on")], (path, tag)
        for script in page.of("script"):
            assert script.get("src", "").startswith("/static/") or script.get("type") == "application/json", path
        assert not list(page.of("style")), path
        for attrs in page.of("link", "img", "script"):
            assert not urlsplit(attrs.get("href") or attrs.get("src") or "").netloc, path


def test_every_link_leads_somewhere(served: Served, pages: dict[str, Reader]) -> None:
    wanted: dict[str, str] = {}
    for path, page in pages.items():
        for attrs in page.of("a", "link"):
            target = urljoin(path, attrs.get("href", "")).partition("#")[0]
            if target:
                wanted.setdefault(target, path)
    dead = {}
    for target, path in wanted.items():
        answer = served.client.get(target, headers={"Accept": "text/html"}, follow_redirects=True)
        if answer.status_code != 200:
            dead[target] = (path, answer.status_code)
    assert dead == {}
    assert len(wanted) > 60


def test_everything_to_fill_in_has_a_name(pages: dict[str, Reader]) -> None:
    for path, page in pages.items():
        labelled = {attrs.get("for") for attrs in page.of("label")}
        for attrs in page.of("input", "select", "textarea"):
            if attrs.get("type") != "hidden":
                assert attrs.get("aria-label") or attrs.get("id") in labelled, (path, attrs)


def test_drawings_have_a_name_or_are_hidden_from_readers(pages: dict[str, Reader]) -> None:
    for path, page in pages.items():
        for attrs in page.of("svg"):
            assert (
                attrs.get("aria-hidden") == "true" or attrs.get("aria-label") or attrs.get("viewbox") == "0 0 10 10"
            ), path


def test_ids_occur_once(pages: dict[str, Reader]) -> None:
    for path, page in pages.items():
        ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs and attrs["id"] != "tip"]
        assert len(ids) == len(set(ids)), path


def test_no_placeholder_of_a_program_shows(pages: dict[str, Reader]) -> None:
    for path, page in pages.items():
        text = " ".join(page.text)
        assert not re.search(r"\bNone\b|\bnan\b|Undefined|<[a-z_.]+ object|\{\{|datetime\(", text), path


def test_the_overview_tells_the_loop(served: Served) -> None:
    text = " ".join(read(served.page("/")).text)
    for expected in ("late-parcel", "Version 2 serving", "1,200 rows", "ROC AUC", "became champion"):
        assert expected in text, expected
    asked = re.search(r"(\d+) predictions", text)  # other tests ask this endpoint too
    assert asked is not None
    assert int(asked[1]) >= 4


def test_a_version_shows_every_gate_with_value_threshold_and_sentence(served: Served) -> None:
    page = served.page("/models/late-parcel/1")
    version = served.workspace.registry.get("late-parcel", 1)
    latest = {e.check: e for e in served.workspace.ledger.latest(version.subject)}
    text = " ".join(" ".join(read(page).text).split())
    for gate in version.gates:
        assert " ".join(latest[gate].verdict.summary.split()) in text
    assert page.count("data-chart") >= 3


def test_a_gate_without_evidence_shows_as_a_no(empty: Served) -> None:
    empty.register("1", passed=None, gates=["at_least(roc_auc, 0.65)"])
    page = empty.page("/models/late/1")
    assert "never asked, and that counts as a no" in page
    assert "ROC AUC at least 0.65" in page


def test_a_champion_is_known_however_many_versions_came_after_it(empty: Served) -> None:
    registry, artifacts = empty.workspace.registry, empty.workspace.artifacts
    first = empty.register("1")
    registry.promote("late", first.number, why="it is good", principal="ada")
    for number in range(101):
        registry.create_version("late", constant_package(artifacts, float(number)))
    assert "Roll out: version 1 champion" in empty.page("/")
    (row,) = model_rows(empty.workspace)
    assert row.champion is not None
    assert row.newest is not None
    assert (row.champion.number, row.newest.number) == (1, 102)


def test_a_new_project_is_told_what_to_do(empty: Served) -> None:
    for path, says in (
        ("/", "No loop has turned here yet"),
        ("/datasets", "No dataset yet"),
        ("/features", "No feature view yet"),
        ("/executions", "Nothing has run yet"),
        ("/runs", "No run yet"),
        ("/models", "No model yet"),
        ("/endpoints", "Nothing is served yet"),
        ("/evidence", "The book is empty"),
        ("/evidence/verify", "The chain holds"),
        ("/status", "There is no loop.py"),
    ):
        assert says in empty.page(path), path


@pytest.mark.parametrize(
    "path",
    ["/datasets/none", "/datasets/parcels/99", "/features/none", "/executions/none", "/runs/none", "/models/none",
     "/models/late-parcel/99", "/endpoints/none", "/evidence/none", "/nothing/at/all", "/runs/compare?id=none"],
)  # fmt: skip
def test_what_is_not_there_is_a_page_with_a_way_back(served: Served, path: str) -> None:
    page = served.page(path, 404)
    assert 'href="/"' in page
    assert "Traceback" not in page


def test_a_loop_file_with_a_mistake_is_told_and_the_rest_still_shows(empty: Served) -> None:
    (empty.workspace.config.root / "loop.py").write_text("import treadle as td\ntd.Loop(")
    for path in ("/", "/features", "/status"):
        assert "loop.py:2" in empty.page(path)


HOSTILE = "<script>alert(1)</script>\"'&"


def test_what_people_write_is_escaped_everywhere(empty: Served) -> None:
    workspace = empty.workspace
    run = workspace.tracker.start_run(HOSTILE, name=HOSTILE, params={HOSTILE: HOSTILE}, tags={HOSTILE: HOSTILE})
    other = workspace.tracker.start_run(HOSTILE, name="other")
    for step in range(3):
        workspace.tracker.log_metrics(run.id, {HOSTILE: step / 3}, step=step)
    version = empty.register(
        HOSTILE,
        passed=None,
        gates=[HOSTILE],
        card={"description": HOSTILE, "candidate": HOSTILE},
        tags={"x": HOSTILE},
        trigger=HOSTILE,
        documents={"contributions": {HOSTILE: 1.0}, "candidates": {HOSTILE: {"roc_auc": 0.5}}},
    )
    verdict = Verdict.of(False, value=1.0, summary=HOSTILE, anomalies=[{"column": HOSTILE, "message": HOSTILE}])
    record = workspace.ledger.record(HOSTILE, "data", Subject("dataset_version", "x@1"), verdict)
    workspace.ledger.record(HOSTILE, "candidate", version.subject, verdict)
    workspace.registry.promote("late", 1, why=HOSTILE, principal=HOSTILE, override=HOSTILE)
    paths = ("/", "/runs", f"/runs/{run.id}", f"/runs/compare?id={run.id}&id={other.id}", "/models", "/models/late")
    for path in (*paths, "/models/late/1", "/evidence", f"/evidence/{record.id}", "/runs?filter=<script>alert(1)"):
        page = empty.page(path)
        assert "<script>alert" not in page, path
        assert all("src" in s or s.get("type") == "application/json" for s in read(page).of("script")), path
    card = empty.client.get("/models/late/1/card")
    assert card.headers["content-type"].startswith("text/markdown")


def test_a_filter_that_is_wrong_is_told_where_it_is_typed(served: Served) -> None:
    page = served.page("/runs?filter=metrics.roc_auc%20>%20high")
    assert 'role="alert"' in page
    assert 'value="metrics.roc_auc &gt; high"' in page


def test_runs_filter_and_order_by_the_address(served: Served) -> None:
    page = served.page("/runs?experiment=late-parcel&order_by=metrics.roc_auc%20desc")
    assert 'aria-sort="descending"' in page
    assert "<option selected>late-parcel</option>" in page
    assert "No run fits" in served.page("/runs?filter=metrics.roc_auc%20>%202")


def test_comparing_runs_marks_the_best_and_what_differs(served: Served) -> None:
    ids = [run["id"] for run in served.json("/runs", experiment="late-parcel")["runs"]]
    page = served.page("/runs/compare?" + "&".join(f"id={id}" for id in ids))
    assert "(best)" in page
    assert served.client.get("/runs/compare").headers["location"] == "/runs"


def test_evidence_pages_backwards(served: Served) -> None:
    page = served.page("/evidence?before=5")
    assert 'rel="next"' not in page
    assert ">4</td>" in page
    assert ">5</td>" not in page


def test_evidence_filters_by_subject_stage_and_verdict(served: Served) -> None:
    page = served.page("/evidence?subject=dataset_version:parcels@1&stage=data&status=passed")
    assert "parcels@1" in page
    assert "late-parcel@" not in " ".join(read(page).text)
    assert "No record fits" in served.page("/evidence?status=skipped&stage=live")


def test_trying_the_endpoint_answers_and_logs(served: Served) -> None:
    before = sum(p.stat().st_size for p in served.workspace.endpoints.log_folder("late-parcel").glob("*.log"))
    body = '{"dataframe_records": [{"depot": "N", "weight": 1, "distance": 800}], "params": {"time": "2020-02-08T12:00:00Z"}}'
    page = served.client.post("/endpoints/late-parcel/try", data={"body": body}).text
    assert "answered in" in page
    assert "&#34;predictions&#34;" in page
    after = sum(p.stat().st_size for p in served.workspace.endpoints.log_folder("late-parcel").glob("*.log"))
    assert after > before


def test_trying_the_endpoint_with_nonsense_says_what_is_wrong(served: Served) -> None:
    answer = served.client.post(
        "/endpoints/late-parcel/try", data={"body": '{"dataframe_records": [{"weight": "heavy"}]}'}
    )
    assert answer.status_code == 200
    assert 'role="alert"' in answer.text
    assert "Traceback" not in answer.text


def test_the_theme_that_was_chosen_is_rendered(served: Served) -> None:
    for theme, shown in (("dark", True), ("light", True), ("pink", False)):
        page = served.client.get("/status", headers={"Accept": "text/html", "Cookie": f"treadle_theme={theme}"}).text
        assert (f'data-theme="{theme}"' in page) == shown


def test_pages_are_never_cached_and_static_files_always(served: Served) -> None:
    page = served.client.get("/", headers={"Accept": "text/html"})
    assert page.headers["cache-control"] == "no-store"
    style = next(attrs["href"] for attrs in read(page.text).of("link") if attrs["rel"] == "stylesheet")
    assert "immutable" in served.client.get(style).headers["cache-control"]


def test_cancelling_what_has_ended_is_told(served: Served) -> None:
    answer = served.client.post(f"/executions/{served.execution}/cancel", headers={"Accept": "text/html"})
    assert answer.status_code == 409
    assert "has ended" in answer.text
