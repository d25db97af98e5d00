"""What every test shares: services that must not be skipped silently."""

from __future__ import annotations

import os
import signal
import threading

import pytest
from hypothesis import HealthCheck, settings

# Everybody draws the same examples, so that a red run is about the change. `make explore` draws new ones, and many more.
_SLOW = [HealthCheck.too_slow]  # a busy machine is no fault of the code, nor is a slow example
settings.register_profile("same", derandomize=True, deadline=None, suppress_health_check=_SLOW)
settings.register_profile("explore", max_examples=1_000, deadline=None, suppress_health_check=_SLOW)
settings.load_profile("same")

# A shell that runs us in the background has interruptions ignored, and every child would inherit that.
if threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)

_needs: list[str] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Remember the tests that were skipped because a service is missing (their reason starts with "needs ")."""
    if report.skipped and isinstance(report.longrepr, tuple):
        reason = report.longrepr[2].removeprefix("Skipped: ")
        if reason.startswith("needs "):
            _needs.append(f"{report.nodeid}: {reason}")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """With TREADLE_REQUIRE_SERVICES set, a skipped service test fails the run."""
    if _needs and os.environ.get("TREADLE_REQUIRE_SERVICES") and not hasattr(session.config, "workerinput"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name what was not tested."""
    for line in _needs:
        terminalreporter.write_line(f"not tested: {line}")
