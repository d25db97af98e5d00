"""What can be done with experiments and runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from treadle.clock import Clock, from_micros, micros
from treadle.database import Database
from treadle.errors import Conflict, InvalidInput, NotFound
from treadle.ids import Ids
from treadle.tracking.filters.syntax import parse
from treadle.tracking.journal import Journal
from treadle.tracking.names import checked_name, checked_number, checked_status, checked_step, checked_texts
from treadle.tracking.order import parse_order
from treadle.tracking.points import Logged
from treadle.tracking.run import Experiment, Page, Point, Run, RunFile
from treadle.tracking.search import Search
from treadle.tracking.store import Store, experiment_of
from treadle.tracking.token import read_token, search_digest, write_token

if TYPE_CHECKING:
    from treadle.artifacts import ArtifactStore, References

MOST_RUNS = 10_000
REMEMBERED = 10_000  # runs whose number is kept in memory, so that logging looks nothing up
Metric = tuple[str, float, int] | tuple[str, float, int, int]  # name, value, step[, time in microseconds]


class Tracker:
    """Experiments, runs and what they log, in a database of their own (migrated as `"metrics"`).

    What a method has accepted is kept when it returns. Metric points of any number are welcome, NaN and infinities too. Deleted
    runs and experiments stay until they are erased and can be restored.
    """

    def __init__(
        self,
        database: Database,
        *,
        project: str,
        clock: Clock,
        ids: Ids,
        artifacts: ArtifactStore | None = None,
        references: References | None = None,
    ) -> None:
        self._database, self._clock, self._ids = database, clock, ids
        self._artifacts, self._references = artifacts, references
        self._store = Store(database, project)
        self._journal = Journal(database, project)
        self._keys: dict[str, int] = {}

    def experiment(self, name: str) -> Experiment:
        """The experiment of that name, made if there is none; raises `Conflict` when it was deleted."""
        row = self._store.experiment(checked_name(name, "experiment"))
        if row is None:
            made = {"id": self._ids.new(), "name": name, "created_at": micros(self._clock.wall())}
            self._store.add_experiment(made)
            row = self._store.experiment(name)
            assert row is not None
        if row["deleted_at"] is not None:
            raise Conflict(
                f"The experiment {name!r} was deleted.", mend="Restore it, or choose another name.", field="experiment"
            )
        return experiment_of(row)

    def experiments(self, *, deleted: bool = False) -> list[Experiment]:
        """All experiments (or the deleted ones), in the order they were made."""
        return [experiment_of(row) for row in self._store.experiments(deleted=deleted)]

    def delete_experiment(self, name: str) -> None:
        """Take an experiment with its runs out of sight."""
        self._store.mark_experiment(self._known_experiment(name)["key"], micros(self._clock.wall()))

    def restore_experiment(self, name: str) -> None:
        """Bring a deleted experiment back."""
        self._store.mark_experiment(self._known_experiment(name, deleted=True)["key"], None)

    def start_run(
        self,
        experiment: str | Experiment,
        *,
        name: str | None = None,
        tags: Mapping[str, Any] | None = None,
        params: Mapping[str, Any] | None = None,
        parent: str | None = None,
        run_id: str | None = None,
    ) -> Run:
        """Begin a run of an experiment (made if there is none); without a name it is called after its id.

        Raises `NotFound` for an unknown `parent` and `Conflict` when the `run_id` is taken.
        """
        given = checked_texts(params or {}, "params"), checked_texts(tags or {}, "tags")
        made = run_id or self._ids.new()
        with self._database.transaction():
            within = self._known_experiment(self.experiment(_name_of(experiment)).name)["key"]
            if parent is not None:
                self._row(parent)
            row = {
                "id": made,
                "experiment": within,
                "name": checked_name(name, "run") if name is not None else f"run-{made[-6:]}",
                "status": "running",
                "started_at": micros(self._clock.wall()),
                "parent": parent,
            }
            key = self._store.add_run(row)
            for table, values in zip(("params", "tags"), given, strict=True):
                self._store.put_texts(table, key, within, values)
        self._remember(made, key)
        return self._store.load([key])[0]

    def log_metrics(self, run_id: str, metrics: Mapping[str, float], step: int = 0) -> None:
        """Log the value of each metric at a step; raises `NotFound` for an unknown run, `InvalidInput` for what is no number."""
        now = micros(self._clock.wall())
        at = checked_step(step)
        points = [
            (checked_name(name, "metric"), at, now, checked_number(value, f"metrics.{name}"))
            for name, value in metrics.items()
        ]
        key = self._key(run_id)
        if points:
            self._journal.append(key, points)

    def log_params(self, run_id: str, params: Mapping[str, Any]) -> None:
        """Log params; raises `Conflict` when one has another value already (logging the same again is no error)."""
        self.log_batch(run_id, params=params)

    def set_tags(self, run_id: str, tags: Mapping[str, Any]) -> None:
        """Set tags; a later value replaces an earlier one."""
        self.log_batch(run_id, tags=tags)

    def delete_tag(self, run_id: str, name: str) -> None:
        """Remove a tag; raises `NotFound` when the run has none of that name."""
        row = self._row(run_id)
        if not self._store.drop_tag(row["key"], name):
            raise NotFound.among("tag", name, self._store.load([row["key"]])[0].tags, field="name")

    def log_batch(
        self,
        run_id: str,
        metrics: Iterable[Metric] = (),
        params: Mapping[str, Any] | None = None,
        tags: Mapping[str, Any] | None = None,
    ) -> None:
        """Log many things at once, all or nothing.

        `metrics` are `(name, value, step)` or `(name, value, step, time)`, the time in microseconds since 1970 (left out: now).
        """
        points = self._points(metrics)
        if not params and not tags:
            if points:
                self._journal.append(self._key(run_id), points)
            return
        texts = {"params": checked_texts(params or {}, "params"), "tags": checked_texts(tags or {}, "tags")}
        with self._database.transaction():
            row = self._row(run_id)
            self._refuse_other(row["key"], texts["params"])
            for table, values in texts.items():
                self._store.put_texts(table, row["key"], row["within"], values)
            if points:
                self._journal.append(row["key"], points)

    def finish(self, run_id: str, status: str = "finished") -> Run:
        """End a run (or set it `running` again); logging to it stays possible."""
        said = checked_status(status)
        row = self._row(run_id)
        ended = None if said in ("running", "scheduled") else micros(self._clock.wall())
        self._store.update_run(row["key"], status=said, finished_at=ended)
        return self.get(run_id)

    def rename(self, run_id: str, name: str) -> None:
        """Give a run another name."""
        self._store.update_run(self._row(run_id)["key"], name=checked_name(name, "run"))

    def delete(self, run_id: str) -> None:
        """Take a run out of sight; what it logged stays until it is erased."""
        self._store.update_run(self._row(run_id)["key"], deleted_at=micros(self._clock.wall()))

    def restore(self, run_id: str) -> None:
        """Bring a deleted run back."""
        self._store.update_run(self._row(run_id)["key"], deleted_at=None)

    def erase(self, run_id: str) -> None:
        """Remove a deleted run for good, with its points and files; raises `Conflict` when it was not deleted before."""
        row = self._row(run_id)
        if row["deleted_at"] is None:
            raise Conflict(
                f"The run {run_id!r} is not deleted.", mend="Delete it first; that can be undone.", field="run_id"
            )
        with self._database.transaction():
            self._store.erase(row["key"])
        self._keys.pop(run_id, None)
        if self._references is not None:
            self._references.release(f"run:{run_id}")

    def get(self, run_id: str) -> Run:
        """A run with its params, tags and the newest value of each metric; raises `NotFound` for an unknown id."""
        self._journal.settle()
        return self._store.load([self._row(run_id)["key"]])[0]

    def children(self, run_id: str) -> list[Run]:
        """The runs that are a part of this one, in the order they began."""
        self._journal.settle()
        return self._store.load(self._store.children(run_id))

    def history(self, run_id: str, metric: str) -> list[Point]:
        """Every point of a metric, by step and time; raises `NotFound` for a metric the run does not have."""
        self._journal.settle()
        key = self._row(run_id)["key"]
        points = self._journal.history(key, metric)
        if not points:
            raise NotFound.among("metric", metric, self._store.load([key])[0].metrics, field="metric")
        return [Point(step, from_micros(time), value) for step, time, value in points]

    def search(
        self,
        experiment: str | Experiment | Sequence[str] | None = None,
        filter: str = "",
        order_by: str | Sequence[str] | None = None,
        limit: int = 50,
        page: str | None = None,
        *,
        deleted: bool | None = False,
    ) -> Page:
        """The runs of some experiments (left out: all) that fulfil a filter, a page at a time.

        ```
        metrics.roc_auc > 0.7 and (params.model = 'xgb' or tags.team like 'flight%')
        ```
        A filter compares `metrics.` with numbers, `params.`, `tags.` and attributes (`id`, `name`, `status`, `parent`,
        `started_at`, `finished_at`) with text in quotes, by `= != < <= > >= like ilike in`, joined by `and`, `or`, `not` and
        parentheses; names with spaces stand in backticks. A run without the metric, param or tag fulfils no comparison of it, and
        neither does NaN. `order_by` is such as `"metrics.roc_auc desc"`; runs that lack it come last. Deleted runs are left out, or
        (`deleted=True`) the only ones, or (`None`) taken like others.

        Raises `InvalidInput` that shows the wrong place of a filter, and `NotFound` for an unknown experiment.
        """
        if not 1 <= limit <= MOST_RUNS:
            raise InvalidInput(f"limit is {limit}.", mend=f"Ask for 1 to {MOST_RUNS:,} runs.", field="limit")
        tree, keys = parse(filter), parse_order(order_by)
        within = self._within(experiment)
        digest = search_digest(filter, keys, experiment, deleted)
        after = None if page is None else read_token(page, digest, keys)
        self._journal.settle()
        found = Search(self._database, tree, keys, deleted=deleted).page(within, limit + 1, after)
        runs = self._store.load([one.run for one in found[:limit]])
        more = len(found) > limit
        return Page(tuple(runs), write_token(found[limit - 1].position, digest) if more else None)

    def log_file(self, run_id: str, path: str, data: bytes) -> RunFile:
        """Keep bytes as a file of the run; a later one of the same path replaces it. Raises `InvalidInput` for a bad path."""
        if self._artifacts is None:
            raise InvalidInput("This tracker keeps no files.", mend="Give it an artifact store.", field="artifacts")
        checked_path(path)
        key = self._row(run_id)["key"]
        digest = self._artifacts.put(data)
        if self._references is not None:
            self._references.hold(digest, f"run:{run_id}", kind="run file")
        self._store.add_file(key, path, digest, len(data), micros(self._clock.wall()))
        return RunFile(path, digest, len(data))

    def files(self, run_id: str) -> list[RunFile]:
        """The files of a run, by path."""
        return self._store.files(self._row(run_id)["key"])

    def read_file(self, run_id: str, path: str) -> bytes:
        """The bytes of a file of the run; raises `NotFound` for an unknown path."""
        files = {file.path: file for file in self.files(run_id)}
        if path not in files or self._artifacts is None:
            raise NotFound.among("file", path, files, field="path")
        return self._artifacts.get(files[path].digest)

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def _points(self, metrics: Iterable[Metric]) -> list[Logged]:
        now = micros(self._clock.wall())
        points: list[Logged] = []
        known: set[object] = set()
        for entry in metrics:
            if type(entry) not in (tuple, list) or not 3 <= len(entry) <= 4:
                raise InvalidInput(
                    f"A metric is (name, value, step), not {entry!r:.60}.", mend="Add the step.", field="metrics"
                )
            name, value, step = entry[:3]
            if type(name) is not str or name not in known:
                known.add(checked_name(name, "metric"))
            if type(value) is not float:
                value = checked_number(value, f"metrics.{name}")
            time = checked_step(entry[3]) if len(entry) == 4 else now
            points.append((name, checked_step(step), time, value))
        return points

    def _refuse_other(self, key: int, params: Mapping[str, str]) -> None:
        known = self._store.texts("params", key, params) if params else {}
        for name, value in known.items():
            if params[name] != value:
                raise Conflict(
                    f"The param {name!r} of this run is {value!r:.60} already.",
                    mend="A param never changes: start another run, or use a tag.",
                    field=f"params.{name}",
                )

    def _within(self, experiment: str | Experiment | Sequence[str] | None) -> list[int]:
        if experiment is None:
            return [row["key"] for row in self._store.experiments()]
        names = [_name_of(experiment)] if isinstance(experiment, str | Experiment) else list(experiment)
        return [self._known_experiment(name)["key"] for name in dict.fromkeys(names)]

    def _known_experiment(self, name: str, *, deleted: bool = False) -> dict[str, Any]:
        row = self._store.experiment(name)
        if row is None or (row["deleted_at"] is not None) != deleted:
            known = [one["name"] for one in self._store.experiments(deleted=deleted)]
            raise NotFound.among("experiment" if not deleted else "deleted experiment", name, known, field="experiment")
        return row

    def _row(self, run_id: str) -> dict[str, Any]:
        row = self._store.run(run_id)
        if row is None:
            raise NotFound(f"There is no run {run_id!r:.60}.", mend="Search lists the runs there are.", field="run_id")
        self._remember(run_id, row["key"])
        return row

    def _key(self, run_id: str) -> int:
        key = self._keys.get(run_id)
        return self._row(run_id)["key"] if key is None else key

    def _remember(self, run_id: str, key: int) -> None:
        if len(self._keys) >= REMEMBERED:
            self._keys.clear()
        self._keys[run_id] = key


def _name_of(experiment: str | Experiment) -> str:
    return experiment if isinstance(experiment, str) else experiment.name


def checked_path(path: str) -> str:
    """A path within a run, such as `plots/roc.json`; raises `InvalidInput` for one that leaves it."""
    parts = path.split("/")
    if not path or len(path) > 500 or "\\" in path or "\x00" in path or any(part in ("", ".", "..") for part in parts):
        raise InvalidInput(f"{path!r:.60} is no path within a run.", mend="Write it like plots/roc.json.", field="path")
    return path
