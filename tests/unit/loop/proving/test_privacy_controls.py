"""Personal data may lie in a source, but a model must not use it."""

from __future__ import annotations

import os
from typing import Any

import pytest

from treadle.loop.proving.privacy_controls import PrivacyControls


def test_an_unused_personal_column_is_noted(bench_of: Any) -> None:
    with bench_of() as bench:
        verdict = PrivacyControls().run(bench)
    assert verdict.status == "passed"
    assert verdict.detail["personal"] == {"shop.contact": "e-mail addresses"}


def test_a_personal_feature_fails(bench_of: Any) -> None:
    with bench_of(features=["age", "contact"]) as bench:
        verdict = PrivacyControls().run(bench)
    assert verdict.status == "failed"
    assert "shop.contact, which the model uses, holds e-mail addresses" in verdict.summary


@pytest.mark.skipif(os.name != "posix", reason="this system has no permissions of that kind")
def test_a_folder_everybody_can_change_fails(bench_of: Any) -> None:
    with bench_of() as bench:
        state = bench.rooms.config.state
        before = state.stat().st_mode
        state.chmod(0o777)
        try:
            assert "can be changed by everybody" in PrivacyControls().run(bench).summary
        finally:
            state.chmod(before)
