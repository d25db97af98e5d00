"""Static files: ours and the chart bundle."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

from tests.unit.server.conftest import Served
from treadle.server.web.assets import BUNDLE, FOLDER, chart_bundle, static_address


@pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.iterdir()))
def test_each_file_is_served_whole_with_and_without_compression(served: Served, name: str) -> None:
    wanted = (FOLDER / name).read_bytes()
    for encoding in ("gzip", "identity"):
        answer = served.client.get(static_address(name), headers={"Accept-Encoding": encoding})
        assert answer.status_code == 200
        assert answer.content == wanted
        assert answer.headers.get("content-encoding", "identity") == encoding


def test_the_bundle_is_made_once_and_kept(tmp_path: Path) -> None:
    made = chart_bundle(tmp_path)
    (kept,) = (tmp_path / "cache").glob("vega-*.js.gz")
    assert kept.read_bytes() == made
    assert b"vegaEmbed" in gzip.decompress(made)
    kept.write_bytes(b"marker")
    assert chart_bundle(tmp_path) == b"marker"


def test_a_state_folder_that_cannot_be_written_costs_time_not_charts(make_read_only, small_disk: Path) -> None:
    make_read_only()
    assert len(chart_bundle(small_disk)) > 100_000


def test_addresses_change_with_the_bytes() -> None:
    assert re.fullmatch(r"/static/[0-9a-f]{12}/app\.css", static_address("app.css"))
    assert static_address(BUNDLE).endswith(f"/{BUNDLE}")


def _tokens(theme: int) -> dict[str, str]:
    """The colours of the design system in one theme (0 light, 1 dark)."""
    text = (FOLDER / "app.css").read_text("utf-8")
    pairs = re.findall(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", text)
    return {name: colours[theme] for name, *colours in pairs}


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(a: str, b: str) -> float:
    low, high = sorted((_luminance(a), _luminance(b)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [0, 1])
def test_text_can_be_read_on_every_ground_it_stands_on(theme: int) -> None:
    """WCAG 2.2 AA: 4.5 to 1."""
    colour = _tokens(theme)
    grounds = ("bg", "surface", "raised", "sunken")
    pairs = [(ink, ground) for ink in ("ink", "ink-2", "ink-3", "accent") for ground in grounds]
    pairs += [
        (tone, ground) for tone in ("ok", "warn", "bad", "busy") for ground in ("surface", "raised", f"{tone}-soft")
    ]
    pairs += [("on-accent", "accent"), ("accent-strong", "accent-soft"), ("ink-3", "accent-soft")]
    weak = {pair: round(_contrast(colour[pair[0]], colour[pair[1]]), 2) for pair in pairs}
    assert {pair: ratio for pair, ratio in weak.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("theme", [0, 1])
def test_lines_of_charts_stand_out(theme: int) -> None:
    """WCAG 2.2 AA for graphics: 3 to 1."""
    colour = _tokens(theme)
    weak = {n: _contrast(colour[f"series-{n}"], colour["surface"]) for n in range(1, 7)}
    assert {n: ratio for n, ratio in weak.items() if ratio < 3} == {}
