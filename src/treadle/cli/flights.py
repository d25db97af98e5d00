"""The demo's orchestration: nothing here that a user could not write; the loop is the one in `examples/flights/loop.py`."""

from __future__ import annotations

import importlib.util
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from treadle.cli import shapes
from treadle.cli.background import Background
from treadle.cli.examples import copy_example
from treadle.errors import Conflict, Unavailable

if TYPE_CHECKING:
    import httpx

    from treadle.cli.phases import Phases
    from treadle.evidence import Evidence
    from treadle.loop import Loop
    from treadle.registry import ModelVersion
    from treadle.workspace import Workspace

AS_OF = datetime(2013, 4, 1, 4, tzinfo=UTC)  # midnight in New York: it learns from January to March
NEW_YORK = ZoneInfo("America/New_York")
SETTINGS = """[project]
name = "flights"
"""


@dataclass(frozen=True)
class Answered:
    """One flight that was asked about."""

    flight: str
    scheduled: str
    dest: str
    chance: float
    outcome: str
    late: bool | None


@dataclass
class Told:
    """Everything the demo has to tell."""

    folder: Path
    model: str
    day: str
    flights: int = 0
    weather: int = 0
    selection: str = ""
    versions: list[tuple[ModelVersion, list[Evidence]]] = field(default_factory=list)
    answers: list[Answered] = field(default_factory=list)
    requests: int = 0
    milliseconds: float = 0.0
    roc_auc: float | None = None
    address: str = ""
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def predictions(self) -> int:
        """How many flights were answered."""
        return len(self.answers)

    @property
    def labelled(self) -> int:
        """How many of those landed, so that the truth is known."""
        return sum(each.late is not None for each in self.answers)

    @property
    def late_share(self) -> float:
        """The share of late ones among them."""
        return sum(bool(each.late) for each in self.answers) / max(self.labelled, 1)

    @property
    def examples(self) -> list[Answered]:
        """A few flights from the surest to be on time to the surest to be late."""
        ranked = sorted(self.answers, key=lambda each: each.chance)
        count = min(8, len(ranked))
        return [ranked[round(place * (len(ranked) - 1) / max(count - 1, 1))] for place in range(count)]

    def document(self) -> dict[str, Any]:
        """What `--json` writes."""
        return {
            "flights": self.flights,
            "weather": self.weather,
            "predictions": self.predictions,
            "requests": self.requests,
            "labelled": self.labelled,
            "roc_auc": self.roc_auc,
            "model": self.model,
            "versions": [
                {
                    "number": version.number,
                    "status": version.status,
                    "aliases": list(version.aliases),
                    "metrics": {name: shapes.measured(value) for name, value in version.metrics.items()},
                    "gates": [
                        {
                            "name": each.check,
                            "status": each.verdict.status,
                            "value": each.verdict.value,
                            "threshold": each.verdict.threshold,
                            "summary": each.verdict.summary,
                        }
                        for each in evidence
                    ],
                }
                for version, evidence in self.versions
            ],
            "seconds": self.seconds,
            "address": self.address,
        }


class Demo:
    """Plays the demo in a project folder; call `close` at the end."""

    def __init__(self, folder: Path, phases: Phases, port: int | None) -> None:
        self._folder = folder
        self._phases = phases
        self._server = Background(folder, port)

    def play(self) -> Told:
        """All phases, one after the other."""
        from treadle.loop import find_loops, pick_loop
        from treadle.workspace import Workspace

        prepared = self._prepare()
        loop = pick_loop(find_loops(self._folder / "loop.py"), None)
        told = Told(self._folder, loop.name, f"{AS_OF.astimezone(NEW_YORK):%-d %B %Y}")
        told.flights, told.weather = prepared.flights, prepared.weather
        with Workspace.open(self._folder) as opened:
            self._turn(loop, opened)
            chosen = opened.ledger.find(check=f"enough_rows({loop.name})", limit=1)
            told.selection = chosen[0].verdict.summary if chosen else ""
            with self._phases.phase("serve") as phase:
                told.address = self._server.start()
                phase.say(told.address)
            self._ask(loop, opened, told)
            told.versions = [
                (version, [each for each in opened.ledger.latest(version.subject) if each.stage == "candidate"])
                for version in reversed(opened.registry.versions(loop.name))
            ]
        told.seconds = self._phases.seconds
        return told

    def wait(self) -> None:
        """Until the server ends, or somebody interrupts."""
        self._server.wait()

    def close(self) -> None:
        """End the server."""
        self._server.stop()

    def _prepare(self) -> Any:
        with self._phases.phase("prepare") as phase:
            self._refuse_other_project()
            copy_example("flights", self._folder)
            settings = self._folder / "treadle.toml"
            if not settings.exists():
                settings.write_text(SETTINGS, "utf-8")
            recipe = _module(self._folder / "prepare.py")
            prepared = recipe.prepare(self._folder / "data", phase.say)
            reused = ", ready from before" if prepared.reused else ""
            phase.say(f"{prepared.flights:,} flights, {prepared.weather:,} hours of weather{reused}")
        return prepared

    def _refuse_other_project(self) -> None:
        there = [name for name in ("loop.py", "treadle.toml") if (self._folder / name).exists()]
        if there and not (self._folder / "prepare.py").exists():
            raise Conflict(
                f"{self._folder} holds another project ({there[0]}).", mend="Choose another --folder.", field="folder"
            )

    def _turn(self, loop: Loop, opened: Workspace) -> None:
        from treadle.cli.watcher import Watcher

        opened.turn(loop, as_of=AS_OF, trigger="demo", hooks=[Watcher(self._phases)])

    def _ask(self, loop: Loop, opened: Workspace, told: Told) -> None:
        """Every scheduled hour of the day: materialise what has happened by then, then ask about the hour's flights."""
        import httpx

        took = []
        with self._phases.phase("predict") as phase, httpx.Client(base_url=told.address, timeout=30) as client:
            hours = list(_hours(opened, loop))
            for index, (hour, flights) in enumerate(hours):
                for view in loop.views:
                    opened.feature_store.materialize(view, hour, backwards=True)
                began = time.monotonic()
                told.answers += _answers(client, loop, flights)
                took.append(1000 * (time.monotonic() - began))
                local = hour.astimezone(NEW_YORK)
                phase.say(f"{local:%H}:00, {len(told.answers):,} flights answered", (index + 1) / len(hours))
            told.requests = len(took)
            told.milliseconds = statistics.median(took)
            told.roc_auc = _roc_auc(told.answers)
            phase.say(f"{told.predictions:,} flights answered, ROC AUC {told.roc_auc:.3f}")


def _module(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(f"treadle_example_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise Unavailable(f"{path} cannot be loaded.", mend="Remove the demo's folder and start again.")
    import sys

    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclasses look themselves up there
    spec.loader.exec_module(module)
    return module


def _hours(opened: Workspace, loop: Loop) -> Iterator[tuple[datetime, list[dict[str, Any]]]]:
    """The flights of the day by the hour they are scheduled in."""
    source = loop.source
    columns = list(
        dict.fromkeys(
            [*source.key, "scheduled_at", *loop.columns, "carrier", "flight", "origin", "dest", "late", "status"]
        )
    )
    rows = opened.engine.query(
        f"SELECT {', '.join(columns)} FROM flights WHERE scheduled_at >= $start AND scheduled_at < $end "
        "ORDER BY scheduled_at, flight_id",
        {"flights": opened.datasets.get(source.name)},
        {"start": AS_OF, "end": AS_OF + timedelta(days=1)},
    ).to_pylist()
    by_hour: dict[datetime, list[dict[str, Any]]] = {}
    for row in rows:
        by_hour.setdefault(row["scheduled_at"].replace(minute=0), []).append(row)
    yield from sorted(by_hour.items())


def _answers(client: httpx.Client, loop: Loop, flights: list[dict[str, Any]]) -> list[Answered]:
    """One request by entity keys, in the Open Inference Protocol."""
    asked = [*dict.fromkeys([*(name for view in loop.views for name in view.entity), *loop.columns])]
    body = {
        "inputs": [_tensor(name, [flight[name] for flight in flights]) for name in asked],
        "parameters": {"time": [flight["scheduled_at"].isoformat() for flight in flights]},
    }
    answer = client.post(f"/v2/models/{loop.name}/infer", json=body)
    if answer.status_code != 200:
        raise Unavailable(
            f"The endpoint answered {answer.status_code}: {answer.text[:500]}", mend="See `treadle status`."
        )
    outputs = {each["name"]: each for each in answer.json()["outputs"]}
    chances = _positive(outputs, len(flights))
    return [_answered(flight, chance) for flight, chance in zip(flights, chances, strict=True)]


def _tensor(name: str, values: list[Any]) -> dict[str, Any]:
    kind = "BYTES" if isinstance(values[0], str) else "FP64" if isinstance(values[0], float) else "INT64"
    return {"name": name, "datatype": kind, "shape": [len(values)], "data": values}


def _positive(outputs: dict[str, Any], rows: int) -> list[float]:
    data = outputs["scores"]["data"]
    width = len(data) // rows
    return [float(data[row * width + width - 1]) for row in range(rows)]


def _answered(flight: dict[str, Any], chance: float) -> Answered:
    late = flight["late"]
    outcome = flight["status"] if late is None else "late" if late else "on time"
    local = flight["scheduled_at"].astimezone(NEW_YORK)
    name = f"{flight['carrier']} {flight['flight']} from {flight['origin']}"
    return Answered(name, f"{local:%H:%M}", flight["dest"], chance, outcome, late)


def _roc_auc(answers: list[Answered]) -> float | None:
    """The chance that a late flight got a higher score than one on time; ties count half (Mann-Whitney)."""
    known = sorted((each for each in answers if each.late is not None), key=lambda each: each.chance)
    late = sum(bool(each.late) for each in known)
    if late in (0, len(known)):
        return None
    ranks, start = 0.0, 0
    while start < len(known):
        end = start
        while end < len(known) and known[end].chance == known[start].chance:
            end += 1
        ranks += sum(bool(each.late) for each in known[start:end]) * (start + end + 1) / 2
        start = end
    return (ranks - late * (late + 1) / 2) / (late * (len(known) - late))
