"""Every page in a real browser: both themes, a phone and a desk, under the strict policy."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Browser
from treadle.workspace import Workspace

pytestmark = pytest.mark.browser

PAGES = (
    "/",
    "/datasets",
    "/datasets/parcels/2",
    "/datasets/parcels/diff?before=1&after=2",
    "/features",
    "/features/depot_load",
    "/executions",
    "/executions/{execution}",
    "/runs",
    "/runs/{run}",
    "/runs/compare?id={run}&id={other}",
    "/models",
    "/models/late-parcel",
    "/models/late-parcel/2",
    "/endpoints",
    "/endpoints/late-parcel",
    "/evidence",
    "/evidence/{evidence}",
    "/evidence/verify",
    "/status",
)
WIDER = """
const inside = '.scroll, .graph-box, pre, .command, .tabs, svg, .hidden';
return [...document.querySelectorAll('main *')]
  .filter(e => !e.closest(inside) && e.checkVisibility({contentVisibilityAuto: true}))
  .filter(e => e.getBoundingClientRect().right > innerWidth + 1)
  .map(e => e.tagName + '.' + e.className).slice(0, 5)
"""
INVISIBLE = """
return [...document.querySelectorAll('main a, main button, main h1, main h2, main td, main th')].filter(e => {
  if (!e.textContent.trim() || e.closest('.hidden') || !e.offsetParent) return false;
  const style = getComputedStyle(e);
  return style.color === style.backgroundColor || +style.opacity === 0;
}).map(e => e.textContent.trim().slice(0, 40))
"""


def filled(path: str, project: Workspace) -> str:
    runs = project.tracker.search("late-parcel", limit=2).runs
    return path.format(
        execution=project.pipelines.list(limit=1)[0].id,
        run=runs[0].id,
        other=runs[1].id,
        evidence=project.ledger.find(limit=1)[0].id,
    )


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_every_page_fits_draws_and_breaks_no_rule(browser: Browser, project: Workspace, width: int, theme: str) -> None:
    faults: dict[str, object] = {}
    for path in PAGES:
        browser.open(filled(path, project), width=width, theme=theme)
        found = {
            "console": browser.complaints(),
            "wider than the screen": browser.run(WIDER),
            "sideways": browser.run("return document.documentElement.scrollWidth > innerWidth"),
            "invisible": browser.run(INVISIBLE),
            "undrawn": browser.run("return document.querySelectorAll('figure[data-drawn=no]').length"),
        }
        if any(found.values()):
            faults[path] = {name: value for name, value in found.items() if value}
    assert faults == {}


def test_charts_are_drawn_in_the_colours_of_the_theme(browser: Browser) -> None:
    strokes = {}
    for theme in ("light", "dark"):
        browser.open("/models/late-parcel/2", theme=theme)
        assert browser.run("return document.querySelectorAll('figure[data-chart] svg').length") >= 3
        strokes[theme] = browser.run(
            "return [...document.querySelectorAll('figure[data-chart] svg path[stroke]')].map(p => p.getAttribute('stroke'))"
        )
    assert strokes["light"]
    assert set(strokes["light"]) != set(strokes["dark"])


def test_the_theme_is_switched_redrawn_and_remembered(browser: Browser) -> None:
    browser.open("/models/late-parcel/2", theme="light")
    ground = "return getComputedStyle(document.body).backgroundColor"
    label = "return document.querySelector('figure[data-chart] svg text').getAttribute('fill')"
    before = browser.run(ground), browser.run(label)
    browser.run("document.querySelector('[data-do=theme]').click()")
    assert browser.run("return document.documentElement.dataset.theme") == "dark"
    browser.until(f"return (() => {{ {label} }})() !== {before[1]!r}")
    after = browser.run(ground), browser.run(label)
    assert after[0] != before[0]
    browser.open("/models/late-parcel/2", theme="light")
    assert (browser.run(ground), browser.run(label)) == after
    browser.driver.delete_all_cookies()


def test_the_menu_of_a_phone_opens_and_closes(browser: Browser) -> None:
    browser.open("/models", width=390)
    shown = "return getComputedStyle(document.querySelector('.nav')).display !== 'none'"
    assert not browser.run(shown)
    for opened in (True, False):
        browser.run("document.querySelector('[data-do=menu]').click()")
        assert browser.run(shown) is opened
        expanded = browser.run("return document.querySelector('[data-do=menu]').getAttribute('aria-expanded')")
        assert expanded == str(opened).lower()


def test_filters_apply_by_themselves_and_stay_in_the_address(browser: Browser) -> None:
    browser.open("/evidence")
    rows = "return document.querySelectorAll('tbody tr').length"
    everything = browser.run(rows)
    browser.run(
        "const select = document.querySelector('select[name=stage]'); select.value = 'release';"
        "select.dispatchEvent(new Event('change', {bubbles: true}))"
    )
    browser.until("return location.search.includes('stage=release')")
    browser.until("return document.readyState === 'complete'")
    assert 0 < browser.run(rows) < everything
    assert browser.run("return document.querySelector('select[name=stage]').value") == "release"


def test_runs_are_chosen_and_compared(browser: Browser) -> None:
    browser.open("/runs?experiment=late-parcel")
    button = "document.querySelector('[data-compare]')"
    assert browser.run(f"return {button}.disabled")
    browser.run("[...document.querySelectorAll('input[name=id]')].slice(0, 3).forEach(b => b.click())")
    assert browser.run(f"return {button}.textContent") == "Compare 3 runs"
    browser.run(f"{button}.click()")
    browser.until("return location.pathname === '/runs/compare' && document.readyState === 'complete'")
    assert browser.run("return document.querySelector('h1').textContent") == "3 runs compared"


def test_a_page_follows_what_happens(browser: Browser, project: Workspace) -> None:
    from treadle.evidence import Subject, Verdict

    browser.open("/")
    browser.until("return !!document.body.dataset.live")
    before = browser.run("return document.querySelector('[data-region=decisions]').textContent")
    browser.until("return performance.getEntriesByType('resource').some(e => e.name.includes('/live/')) || true")
    version = project.registry.get("late-parcel", 1)
    verdict = Verdict.of(False, summary="late-parcel@1 was looked at again.")
    import time

    time.sleep(1.5)  # the stream looks once a second; the first look is what later ones are compared with
    project.ledger.record("refusal", "release", version.subject, verdict, reaction="warn")
    browser.until("return document.querySelector('[data-region=decisions]').textContent.includes('looked at again')")
    assert "looked at again" not in before
    assert Subject("model_version", "late-parcel@1") == version.subject


def test_everything_is_reached_by_keyboard_and_shows_where_one_is(browser: Browser) -> None:
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    browser.open("/models/late-parcel/1")
    body = browser.driver.find_element(By.TAG_NAME, "body")
    body.send_keys(Keys.TAB)
    assert browser.run("return document.activeElement.className") == "skip"
    assert browser.run("return document.activeElement.getBoundingClientRect().left") >= 0
    seen = set()
    for _ in range(40):
        browser.driver.switch_to.active_element.send_keys(Keys.TAB)
        element = "document.activeElement"
        if browser.run(f"return {element} === document.body"):
            break
        outlined = browser.run(f"return getComputedStyle({element}).outlineStyle")
        assert outlined != "none", browser.run(f"return {element}.outerHTML")
        seen.add(browser.run(f"return {element}.tagName"))
    assert {"A", "BUTTON"} <= seen
