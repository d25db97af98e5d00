"""Which step may begin, which never will: decided from the graph and what happened so far. Pure, no clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class Schedule:
    """The steps of one execution between waiting and done.

    >>> schedule = Schedule({"a": (), "b": ("a",), "c": ()})
    >>> schedule.ready()
    ['a', 'c']
    >>> schedule.begin("a"); schedule.begin("c"); schedule.finish("a"); schedule.ready(), schedule.fail("c"), schedule.over
    (['b'], (), False)
    """

    def __init__(self, waits: Mapping[str, Sequence[str]]) -> None:
        self._waits = {name: set(sources) for name, sources in waits.items()}
        self._followers: dict[str, list[str]] = {name: [] for name in waits}
        for name, sources in waits.items():
            for source in dict.fromkeys(sources):
                self._followers[source].append(name)
        self._pending = dict.fromkeys(waits)
        self._ready = dict.fromkeys(name for name, sources in self._waits.items() if not sources)
        self._news = list(self._ready)
        self._under_way: set[str] = set()
        self._places = {name: place for place, name in enumerate(waits)}

    @property
    def over(self) -> bool:
        """Nothing runs and nothing can begin."""
        return not self._ready and not self._under_way

    def ready(self) -> list[str]:
        """Steps whose inputs are all there and that have not begun, in the order of the pipeline."""
        return sorted(self._ready, key=self._places.__getitem__)

    def news(self) -> list[str]:
        """Steps that became ready since this was last asked, in the order of the pipeline."""
        found, self._news = sorted(self._news, key=self._places.__getitem__), []
        return found

    def begin(self, name: str) -> None:
        """The step is under way."""
        del self._ready[name]
        del self._pending[name]
        self._under_way.add(name)

    def finish(self, name: str) -> None:
        """Its result is there: its followers may become ready."""
        self._under_way.discard(name)
        for follower in self._followers[name]:
            self._waits[follower].discard(name)
            if not self._waits[follower] and follower in self._pending:
                self._ready[follower] = None
                self._news.append(follower)

    def fail(self, name: str) -> tuple[str, ...]:
        """It will have no result: everything that needed it, in the order of the pipeline, which is now off the list."""
        self._under_way.discard(name)
        lost: set[str] = set()
        reach = [name]
        while reach:
            for follower in self._followers[reach.pop()]:
                if follower in self._pending and follower not in lost:
                    lost.add(follower)
                    reach.append(follower)
        gone = tuple(one for one in self._pending if one in lost)
        for one in gone:
            del self._pending[one]
        return gone

    def drain(self) -> tuple[str, ...]:
        """Begin nothing more: everything that had not begun."""
        gone = tuple(self._pending)
        self._pending.clear()
        self._ready.clear()
        self._news.clear()
        return gone

    def needed(self, name: str) -> bool:
        """Whether a step that is not done yet still takes this one's result."""
        return any(one in self._pending or one in self._under_way for one in self._followers[name])
