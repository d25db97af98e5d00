"""The demo's orchestration: nothing here that a user could not write; the loop is the one in `examples/flights/loop.py`."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from treadle.cli.background import Background
from treadle.cli.examples import copy_example
from treadle.cli.logfile import write_log
from treadle.cli.story import Story, read_story
from treadle.errors import Conflict, InvalidInput, Refused, Unavailable

if TYPE_CHECKING:
    from treadle.cli.phases import Phase, Phases
    from treadle.loop import Loop
    from treadle.operations import Event, PacedController, Step
    from treadle.workspace import Workspace

AS_OF = datetime(2013, 4, 1, 4, tzinfo=UTC)  # midnight in New York: it learns from January to March
END = datetime(2014, 1, 1, 5, tzinfo=UTC)
NEW_YORK = ZoneInfo("America/New_York")
PUSHES = {"careless": datetime(2013, 5, 20, 12, tzinfo=UTC), "careful": datetime(2013, 6, 24, 12, tzinfo=UTC)}
PATIENCE = 300.0  # seconds for the last project checks
SETTINGS = """[project]
name = "flights"
"""


class Demo:
    """Plays the demo in a project folder; call `close` at the end."""

    def __init__(
        self, folder: Path, phases: Phases, port: int | None, until: datetime | None, permute_days: int | None
    ) -> None:
        self._folder = folder
        self._log = folder / ".treadle" / "controller.log"
        self._counts = folder / ".treadle" / "replayed.json"
        self._phases = phases
        self._server = Background(folder, port, controller=False)  # the replay looks with a controller of its own
        self._until = _midnight(until)
        self._permute_days = permute_days

    def play(self) -> Story:
        """All phases, one after the other; what an earlier run did is not done again."""
        from treadle.clock import FileClock
        from treadle.loop import find_loops, pick_loop
        from treadle.workspace import Workspace

        self._refuse_earlier_end()
        prepared = self._prepare()
        loop = pick_loop(find_loops(self._folder / "loop.py"), None)
        story = Story(self._folder, loop.name, {"flights": prepared.flights, "weather": prepared.weather})
        write_log(self._log)
        mark = self._folder / ".treadle" / "business_time"
        if not mark.exists():
            mark.parent.mkdir(parents=True, exist_ok=True)
            FileClock(mark).move_to(AS_OF)
        with Workspace.open(self._folder) as opened, _alone(opened), closing(self._controller(opened)) as controller:
            self._first_turn(loop, opened)
            with self._phases.phase("serve") as phase:
                story.address = self._server.start()
                phase.say(story.address)
            self._live(loop, opened, controller, story)
            with self._phases.phase("tell") as phase:
                read_story(story, opened, loop, AS_OF, self._until, NEW_YORK)
                phase.say(f"ML Test Score {story.score.final:g}" if story.score else "")
        story.seconds = self._phases.seconds
        return story

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
            more = {} if self._permute_days is None else {"permute_days": self._permute_days}
            prepared = recipe.prepare(self._folder / "data", phase.say, **more)
            reused = ", ready from before" if prepared.reused else ""
            phase.say(f"{prepared.flights:,} flights, {prepared.weather:,} hours of weather{reused}")
        return prepared

    def _refuse_other_project(self) -> None:
        there = [name for name in ("loop.py", "treadle.toml") if (self._folder / name).exists()]
        if there and not (self._folder / "prepare.py").exists():
            raise Conflict(
                f"{self._folder} holds another project ({there[0]}).", mend="Choose another --folder.", field="folder"
            )

    def _refuse_earlier_end(self) -> None:
        from treadle.operations import Heard

        lived = Heard.kept(self._counts).until
        if lived is not None and lived > self._until:
            raise InvalidInput(
                f"The demo in {self._folder} has lived until {lived.astimezone(NEW_YORK):%Y-%m-%d} already.",
                mend="Choose a later day, or another --folder.",
                field="until",
            )

    def _first_turn(self, loop: Loop, opened: Workspace) -> None:
        """Unless the loop has a champion already."""
        from treadle.cli.watcher import Watcher

        if not any(model.aliases.get("champion") for model in opened.registry.models()):
            opened.turn(loop, as_of=AS_OF, trigger="first turn", hooks=[Watcher(self._phases)])

    def _controller(self, opened: Workspace) -> PacedController:
        """Started before it is needed: it imports while the first turn trains."""
        from treadle.operations import PacedController

        return PacedController(opened.clock, self._folder, self._folder / "loop.py", log=self._log)

    def _live(self, loop: Loop, opened: Workspace, controller: PacedController, story: Story) -> None:
        from treadle.clock import FileClock
        from treadle.operations import Replay

        assert isinstance(opened.clock, FileClock)
        rooms: Any = opened  # a type checker does not see that a cached property is the attribute a protocol asks for
        with self._phases.phase("live") as phase:
            replay = Replay(
                rooms,
                loop,
                controller,
                opened.clock,
                story.address,
                begin=AS_OF,
                end=self._until,
                look=timedelta(hours=12),
                events=self._pushes(opened, loop),
                on_step=self._telling(phase),
                counts=self._counts,
            )
            story.expected = replay.rows()
            heard = replay.run()
            controller.wait_for_proofs(PATIENCE)
            story.requests, story.dropped = heard.requests, heard.dropped
            answered = opened.observations.predictions(loop.name, AS_OF, self._until, columns=["id"]).num_rows
            phase.say(f"{answered:,} flights answered in {heard.requests:,} requests, {heard.dropped} dropped")

    def _telling(self, phase: Phase) -> Callable[[Step], None]:
        def tell(step: Step) -> None:
            local = step.moment.astimezone(NEW_YORK)
            phase.say(f"{local:%-d %B %H}:00, {step.heard.predictions:,} flights answered", step.share)

        return tell

    def _pushes(self, opened: Workspace, loop: Loop) -> list[Event]:
        from treadle.operations import Event

        def push(who: str) -> Callable[[], bool]:
            return lambda: self._push(opened, loop, who)

        if self._permute_days is not None:  # a year in which nothing changes is to show that nothing is done
            return []
        return [Event(at, push(who)) for who, at in PUSHES.items() if at < self._until]

    def _push(self, opened: Workspace, loop: Loop, who: str) -> bool:
        """Register a version made by hand and start its rollout; later, where another one is in flight."""
        made = next((v for v in opened.registry.versions(loop.name) if v.tags.get("pushed by") == who), None)
        if made is None:
            if opened.rollouts.active(loop.name) is not None:
                return False
            recipe = _module(self._folder / "push.py")
            made = getattr(recipe, who)(opened, opened.clock.now())
        if any(each.version == made.number for each in opened.rollouts.list(loop.name)):
            return True
        try:
            opened.rollouts.start(loop.name, made.number, loop.rollout, by=who, why="pushed by hand")
        except Refused as refusal:
            opened.registry.refuse(loop.name, made.number, refusal.message, principal=who)
        return True


@contextmanager
def _alone(opened: Workspace) -> Iterator[None]:
    """One demo at a time lives in a folder: two would move its business time against each other. Raises `Conflict`."""
    from treadle.operations import Lease

    lease = Lease(opened.database, project=opened.project, clock=opened.clock, name="demo")
    if not lease.try_acquire():
        raise Conflict(
            "Another demo lives in this folder.", mend="Let it end, or choose another --folder.", field="folder"
        )
    try:
        yield
    finally:
        lease.release()


def _midnight(day: datetime | None) -> datetime:
    """When a day begins in New York; the year's end for none. Raises `InvalidInput` for one outside the stretch."""
    moment = END if day is None else day.replace(tzinfo=NEW_YORK).astimezone(UTC)
    if not AS_OF < moment <= END:
        raise InvalidInput(
            f"The demo lives from 2013-04-01 to 2014-01-01, not until {moment:%Y-%m-%d}.",
            mend="Choose a day between them.",
            field="until",
        )
    return moment


def _module(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(f"treadle_example_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise Unavailable(f"{path} cannot be loaded.", mend="Remove the demo's folder and start again.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclasses look themselves up there
    sys.path.insert(0, str(path.parent))  # as for a script: it may import its neighbours
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(path.parent))
    return module
