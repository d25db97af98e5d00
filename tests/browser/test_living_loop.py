"""The pages of a loop that has lived, in a real browser: drawn, hovered, followed, alive."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.conftest import Browser
from tests.browser.test_pages import INVISIBLE, WIDER
from tests.unit.server.web.conftest import LOOP
from tests.unit.server.web.conftest import lived as lived  # the fixture
from treadle.evidence import Subject, Verdict
from treadle.server.listen import address, bind, make_server
from treadle.workspace import Workspace

pytestmark = pytest.mark.browser

PAGES = (
    "/",
    "/loops",
    f"/loops/{LOOP}",
    f"/loops/{LOOP}?over=28d",
    f"/loops/{LOOP}/drift",
    f"/loops/{LOOP}/drift/weight",
    "/retraining",
    "/rollouts",
    "/rollouts/{rollout}",
    "/alerts?state=all",
    "/alerts/{alert}",
    "/audit",
    "/score",
    f"/endpoints/{LOOP}",
    "/status",
)


@pytest.fixture(scope="module")
def alive(browser: Browser, lived: Workspace) -> Iterator[Browser]:
    """The browser before a server of the project whose loop has lived."""
    listening = bind("127.0.0.1", 0)
    server = make_server(lived, "127.0.0.1")
    serving = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    serving.start()
    yield Browser(browser.driver, address(listening))
    server.handle_exit(signal.SIGTERM, None)
    serving.join(20)
    listening.close()


def filled(path: str, lived: Workspace) -> str:
    return path.format(rollout=lived.rollouts.list(LOOP)[0].id, alert=lived.alerts.list()[0].id)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_every_page_fits_draws_and_breaks_no_rule(alive: Browser, lived: Workspace, width: int, theme: str) -> None:
    alive.complaints()
    faults: dict[str, object] = {}
    for path in PAGES:
        alive.open(filled(path, lived), width=width, theme=theme)
        found = {
            "console": alive.complaints(),
            "wider than the screen": alive.run(WIDER),
            "sideways": alive.run("return document.documentElement.scrollWidth > innerWidth"),
            "invisible": alive.run(INVISIBLE),
            "undrawn": alive.run("return document.querySelectorAll('figure[data-drawn=no]').length"),
        }
        if any(found.values()):
            faults[path] = {name: value for name, value in found.items() if value}
    assert faults == {}


def test_the_charts_of_the_timeline_stand_above_each_other(alive: Browser) -> None:
    alive.open(f"/loops/{LOOP}")
    lefts = alive.run(
        "return [...document.querySelectorAll('figure[data-chart] svg .mark-group.role-frame path.background')]"
        ".map(each => Math.round(each.getBoundingClientRect().left))"
    )
    assert len(lefts) >= 3
    assert max(lefts) - min(lefts) <= 2, lefts


def test_a_mark_tells_what_it_is_and_leads_there(alive: Browser) -> None:
    from selenium.webdriver import ActionChains
    from selenium.webdriver.common.by import By

    alive.open(f"/loops/{LOOP}")
    marks = alive.driver.find_elements(By.CSS_SELECTOR, "figure[data-chart] .mark-symbol path")
    mark = next(each for each in marks if "version 3" in (each.get_attribute("aria-label") or ""))
    ActionChains(alive.driver).move_to_element(mark).perform()
    alive.until("return !document.querySelector('.chart-tip').hidden")
    assert "version 3" in alive.run("return document.querySelector('.chart-tip').textContent")
    ActionChains(alive.driver).click(mark).perform()
    alive.until("return location.pathname !== '/loops/late-parcel'")
    assert alive.run("return location.pathname.split('/')[1]") in ("rollouts", "models")


def test_cells_of_the_heat_map_lead_to_their_window(alive: Browser) -> None:
    alive.open(f"/loops/{LOOP}/drift")
    target = alive.run("return document.querySelector('.heat a rect.moved').parentElement.getAttribute('href')")
    alive.open(target)
    assert alive.run("return document.querySelector('h1').textContent") == "depot_load · late_mean_1d"
    assert "end=" in alive.run("return location.search")


def test_colours_of_the_style_sheet_are_those_of_the_theme(alive: Browser) -> None:
    fills = {}
    for theme in ("light", "dark"):
        alive.open(f"/loops/{LOOP}", theme=theme)
        script = "return [...document.querySelectorAll('figure[data-chart] .mark-symbol path')].map(p => p.getAttribute('fill'))"
        fills[theme] = set(alive.run(script))
    assert not any("--" in (fill or "") for found in fills.values() for fill in found)
    assert fills["light"] != fills["dark"]


def test_the_timeline_follows_what_is_judged(alive: Browser, lived: Workspace) -> None:
    alive.open(f"/loops/{LOOP}")
    time.sleep(1.5)  # the stream looks once a second; the first look is what later ones are compared with
    verdict = Verdict.of(False, value=0.4, threshold=0.2, summary="It was judged just now.")
    lived.ledger.record("finite", "live", Subject("endpoint", LOOP), verdict, reaction="warn")
    alive.until("return document.querySelector('[data-region=monitors]').textContent.includes('judged just now')")


def test_shots_for_the_documents(alive: Browser, tmp_path: Path) -> None:
    """What `tests/browser/shoot.py` does works: a picture of a page as high as it is asked to be."""
    from tests.browser.shoot import shoot

    path = tmp_path / "timeline.png"
    shoot(alive, f"/loops/{LOOP}", path, height=900)
    assert path.read_bytes().startswith(b"\x89PNG")
