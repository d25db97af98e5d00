"""Takes the pictures of the documents: `python -m tests.browser.shoot http://127.0.0.1:7717 LOOP`, with a server running there.

The pages are shown 1280 pixels wide in light colours. The tour that the pictures of the README show is `treadle demo`.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from shutil import which

from tests.browser.conftest import BINARIES, FLAGS, Browser

IMAGES = Path(__file__).parents[2] / "docs" / "images"
PICTURES = {  # name: the page, and how high it is cut
    "overview.png": ("/?loop={loop}", 1010),
    "timeline.png": ("/loops/{loop}", 950),
    "score.png": ("/score", 1010),
}


def shoot(browser: Browser, path: str, to: Path, *, height: int, width: int = 1280) -> None:
    """Save a picture of a page as one sees it without scrolling."""
    browser.open(path, width=width)
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    browser.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    browser.run("scrollTo(0, 0)")
    browser.driver.save_screenshot(str(to))


def main(address: str, loop: str, *names: str) -> None:
    """Take the named pictures, or all of them."""
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service

    options = Options()
    options.binary_location = next(filter(None, map(which, BINARIES)), "")
    options.page_load_strategy = "eager"  # a live page never finishes loading
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        driver = webdriver.Chrome(options=options, service=Service(which("chromedriver") or ""))
        try:
            for name in names or PICTURES:
                page, height = PICTURES[name]
                shoot(Browser(driver, address.rstrip("/")), page.format(loop=loop), IMAGES / name, height=height)
        finally:
            driver.quit()


if __name__ == "__main__":
    main(*sys.argv[1:])
