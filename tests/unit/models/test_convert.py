"""Conversion leaves the logging of the process it works in alone."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor

import pytest

from treadle.models.convert import _quiet


def test_what_others_log_is_heard_while_converters_are_silenced(caplog: pytest.LogCaptureFixture) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: _quiet(), range(50)))
    assert logging.root.manager.disable == 0
    with caplog.at_level(logging.INFO, "treadle.alerts"):
        logging.getLogger("skl2onnx").warning("tried this")
        logging.getLogger("treadle.alerts").info("an alert")
    assert caplog.messages == ["an alert"]
