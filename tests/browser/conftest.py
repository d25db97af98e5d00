"""A real browser before a real server."""

from __future__ import annotations

import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.unit.server.conftest import project as project  # the fixture
from treadle.server.listen import address, bind, make_server
from treadle.workspace import Workspace

BINARIES = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--hide-scrollbars",
)


@dataclass
class Browser:
    """A browser on one server."""

    driver: Any
    base: str

    def open(self, path: str, *, width: int = 1280, theme: str = "light") -> None:
        """Show a page as on a screen `width` pixels wide in a system of that theme, and wait for its charts."""
        features = [{"name": "prefers-color-scheme", "value": theme}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        metrics = {"width": width, "height": 6000, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        self.driver.get(self.base + path)
        self.until("return [...document.querySelectorAll('figure[data-chart]')].every(f => f.dataset.drawn)")

    def run(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(script, *arguments)

    def until(self, script: str, seconds: float = 20) -> None:
        """Wait until a script yields something true."""
        end = time.monotonic() + seconds
        while not self.run(script):
            assert time.monotonic() < end, f"never true: {script}"
            time.sleep(0.05)

    def complaints(self) -> list[str]:
        """What the browser wrote to its console since the last look."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]


@pytest.fixture(scope="session")
def site(project: Workspace) -> Iterator[str]:
    """The address of a server of the project."""
    listening = bind("127.0.0.1", 0)
    server = make_server(project, "127.0.0.1")
    serving = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    serving.start()
    yield address(listening)
    server.handle_exit(signal.SIGTERM, None)
    serving.join(20)
    listening.close()


@pytest.fixture(scope="session")
def browser(site: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Chromium, headless, with a profile of its own."""
    binary = next(filter(None, map(shutil.which, BINARIES)), None)
    driver_path = shutil.which("chromedriver")
    if binary is None or driver_path is None:
        pytest.skip("needs Chromium and its driver (apt-get install chromium chromium-driver)")
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service

    options = Options()
    options.binary_location = binary
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(driver_path))
    driver.set_page_load_timeout(60)
    yield Browser(driver, site)
    driver.quit()


@pytest.fixture
def shots(tmp_path: Path, browser: Browser) -> Callable[[str], Path]:
    """Keep a picture of what the browser shows, for a failing test to be looked at."""

    def shoot(name: str) -> Path:
        path = tmp_path / f"{name}.png"
        browser.driver.save_screenshot(str(path))
        return path

    return shoot
