"""The verb of monitoring: run every monitor whose window has closed, and write down what it says."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from treadle.clock import Clock, as_utc, from_micros, micros, parse_moment
from treadle.errors import Cancelled, Fenced, InvalidInput, NotFound
from treadle.evidence import Check, Evidence, Ledger, Stage, Subject, Verdict
from treadle.monitoring.days import DAY
from treadle.monitoring.due import closed_windows
from treadle.monitoring.learning import LEARNING, learned
from treadle.monitoring.monitor import Monitor
from treadle.monitoring.opening import pace
from treadle.monitoring.reference import REFERENCE, Reference
from treadle.monitoring.sight import Rooms, Sight
from treadle.monitoring.watched import Watched
from treadle.monitoring.window import LiveWindow

if TYPE_CHECKING:
    from treadle.datasets import Datasets
    from treadle.features import FeatureStore
    from treadle.monitoring.observations import Observations
    from treadle.pipelines import Pipelines
    from treadle.registry import ModelVersion, Registry

_OPENING = timedelta(days=7)
_REMEMBERED = 16  # references kept decoded


class Monitoring:
    """Judges the live traffic of endpoints window by window.

    Which windows were judged is read from the ledger, so nothing is judged twice or left out when the process dies between two
    of them. `feature_store`, `pipelines` and `datasets` may be left out; monitors that need them then skip.
    """

    def __init__(
        self,
        ledger: Ledger,
        observations: Observations,
        registry: Registry,
        feature_store: FeatureStore | None = None,
        *,
        pipelines: Pipelines | None = None,
        datasets: Datasets | None = None,
        project: str,
        clock: Clock,
    ) -> None:
        self.project = project
        self._ledger = ledger
        self._rooms = Rooms(observations, clock, registry, feature_store, pipelines, datasets)
        self._registry = registry
        self._openings: dict[tuple[str, int], Mapping[str, float]] = {}
        self._judged: dict[tuple[str, str], datetime] = {}
        self._references: OrderedDict[tuple[str, int], Reference | None] = OrderedDict()

    def watch(self, watched: Watched, now: datetime | None = None) -> tuple[Evidence, ...]:
        """Run the monitors of `watched` on every window that closed by `now` (default: business time now) and was not judged.

        The evidence is about `Subject("endpoint", name)`; its detail says which window. A window that is too small is skipped
        on record, with how many rows were needed.
        """
        moment = as_utc(now if now is not None else self._rooms.clock.now())
        span = self._rooms.observations.span(watched.name)
        if span is None:
            return ()
        due = self._due(watched, span[0], moment)
        if not due:
            return ()
        version = self._champion(watched)
        spans = sorted({(begin, end) for begin, end, _ in due})
        sight = Sight(self._rooms, watched, moment, version, windows=spans)
        sight = replace(sight, first=self._opening(watched, version, sight, moment))
        if version is not None:
            reference = self.reference(watched.model, version.number)
        else:  # a system that was never released here is compared with its own first weeks
            due = [one for one in due if one[0] > span[0] + LEARNING - timedelta(days=1)]
            reference = self._learned(watched, sight, span[0], moment) if due else None
        windows: dict[tuple[datetime, datetime], LiveWindow] = {}
        found = []
        for begin, end, monitor in due:
            if (begin, end) not in windows:
                number = version.number if version is not None else None
                windows[begin, end] = LiveWindow(begin, end, watched, sight, reference, number, moment)
            found.append(self._judge(monitor, watched, windows[begin, end]))
        return tuple(found)

    def reference(self, model: str, version: int) -> Reference | None:
        """What a version remembers of its release; None for one that was registered without. Decoded once."""
        key = (model, version)
        if key not in self._references:
            document = self._document(model, version)
            self._references[key] = Reference.from_document(document) if document else None
            while len(self._references) > _REMEMBERED:
                self._references.popitem(last=False)
        self._references.move_to_end(key)
        return self._references[key]

    def _due(
        self, watched: Watched, first: datetime, now: datetime
    ) -> list[tuple[datetime, datetime, Check[LiveWindow]]]:
        """Windows and monitors in the order of the windows' ends; monitors that share a window stand together."""
        found = []
        for place, monitor in enumerate(watched.monitors):
            over, every, lag = _timing(monitor, watched)
            asked = {"now": now, "first": first, "over": over, "every": every, "lag": lag}
            known = self._judged.get((watched.name, monitor.name))
            if known is not None and not any(True for _ in closed_windows(judged=known, **asked)):
                continue
            last = self._last(watched, monitor)
            found += [(end, begin, place, monitor) for begin, end in closed_windows(judged=last, **asked)]
        return [(begin, end, monitor) for end, begin, _, monitor in sorted(found, key=lambda one: one[:3])]

    def _last(self, watched: Watched, monitor: Check[Any]) -> datetime | None:
        newest = self._ledger.find(subject=_subject(watched), check=monitor.name, stage="live", limit=1)
        if not newest:
            return None
        end = newest[0].verdict.detail.get("end")  # an erased body takes it along: then the moment of judging has to do
        last = newest[0].business_at if end is None else parse_moment(str(end), field="end")
        self._judged[watched.name, monitor.name] = last
        return last

    def _judge(self, monitor: Check[LiveWindow], watched: Watched, window: LiveWindow) -> Evidence:
        evidence = self._ledger.run(_Dated(monitor, reaction=monitor.reaction), _subject(watched), window)
        self._judged[watched.name, monitor.name] = window.end
        return evidence

    def _champion(self, watched: Watched) -> ModelVersion | None:
        try:
            return self._registry.get(watched.model, "champion")
        except (NotFound, InvalidInput):
            return None

    def _learned(self, watched: Watched, sight: Sight, first: datetime, now: datetime) -> Reference | None:
        key = (watched.name, 0)
        if key in self._references:
            return self._references[key]
        found = learned(sight, first, watched.task)
        if now >= first + LEARNING + watched.settles:  # the labels of these weeks may still be coming
            self._references[key] = found
        return found

    def _document(self, model: str, version: int) -> Any:
        try:
            return self._registry.document(model, version, REFERENCE)
        except NotFound:
            return None

    def _opening(
        self, watched: Watched, version: ModelVersion | None, sight: Sight, now: datetime
    ) -> Mapping[str, float]:
        """The pace of the version's first week of answers; empty while that is not over. Measured once."""
        if version is None:
            return {}
        key = (watched.name, version.number)
        if key not in self._openings:
            began = _first_day(self._rooms.observations, watched.name, version)
            if began is None or began + _OPENING > now:
                return {}
            rows = self._rooms.observations.predictions(
                watched.name, began, began + _OPENING, versions=[version.number], columns=["latency"]
            )
            traffic = sight.traffic(began, began + _OPENING)
            self._openings[key] = pace(rows, began, began + _OPENING, traffic)
        return self._openings[key]


def _first_day(observations: Observations, endpoint: str, version: ModelVersion) -> datetime | None:
    """The first day on which the version answered, within four weeks of its making."""
    begin = from_micros(micros(version.created_at) // DAY * DAY)
    counts = observations.counts(endpoint, begin, begin + timedelta(days=28), every=timedelta(days=1))
    buckets = zip(counts["version"].to_pylist(), counts["begin"].to_pylist(), strict=True)
    return min((began for number, began in buckets if number == version.number), default=None)


@dataclass(frozen=True)
class _Dated(Check[LiveWindow]):
    """A monitor whose verdict always says which window it is about, also when it breaks."""

    stage: ClassVar[Stage] = "live"
    monitor: Check[LiveWindow]

    @property
    def name(self) -> str:
        """The monitor's own."""
        return self.monitor.name

    def run(self, context: LiveWindow) -> Verdict:
        try:
            verdict = self.monitor.run(context)
        except (Cancelled, Fenced):
            raise
        except Exception as error:  # noqa: BLE001 - whatever a monitor raises is its answer
            verdict = Verdict("error", summary=f"{type(error).__name__}: {error}")
        dated = {"begin": context.begin.isoformat(), "end": context.end.isoformat(), "version": context.version}
        return replace(verdict, detail={**dated, **verdict.detail})


def _subject(watched: Watched) -> Subject:
    return Subject("endpoint", watched.name)


def _timing(monitor: Check[LiveWindow], watched: Watched) -> tuple[timedelta, timedelta, timedelta]:
    """Window length, time between ends, and how long it waits for labels."""
    if not isinstance(monitor, Monitor):  # a plain live check: a week, every day, labels final
        return timedelta(days=7), timedelta(days=1), watched.settles
    return monitor.length, monitor.step, watched.settles if monitor.needs_labels else timedelta(0)
