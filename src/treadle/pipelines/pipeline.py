"""A pipeline: steps tied together by their names, checked when it is declared and again against what it is given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from treadle.errors import DeclarationError, InvalidInput, NotFound, suggest
from treadle.pipelines import graph
from treadle.pipelines.steps import NAME, Step, as_step


@dataclass(frozen=True, eq=False)
class Pipeline:
    """A named graph of steps; a parameter is filled by the step, run parameter or resource of its name.

    Raises `DeclarationError` (file, line, mend) for duplicate names, cycles and types that cannot fit.

    >>> def half() -> int: return 21
    >>> def double(half: int) -> int: return 2 * half
    >>> Pipeline("answer", [half, double]).step("double").upstream
    ('half',)
    """

    name: str
    steps: Sequence[Callable[..., Any] | Step[..., Any]]
    order: tuple[Step[..., Any], ...] = field(default=(), init=False)
    names: tuple[str, ...] = field(default=(), init=False)
    _known: Mapping[str, Step[..., Any]] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not NAME.fullmatch(self.name):
            raise DeclarationError(
                f"{self.name!r} cannot name a pipeline.",
                mend="Use letters, digits and _ . - after a first letter.",
                field="name",
            )
        steps = tuple(as_step(given) for given in self.steps)
        if not steps:
            raise DeclarationError(
                f"Pipeline {self.name!r} has no steps.", mend="Give it at least one function.", field="steps"
            )
        graph.refuse_duplicates(steps)
        object.__setattr__(self, "steps", steps)
        order = graph.in_order(steps)
        object.__setattr__(self, "order", order)
        object.__setattr__(self, "names", tuple(one.name for one in order))
        object.__setattr__(self, "_known", {one.name: one for one in order})
        graph.refuse_clashes(steps)

    def step(self, name: str) -> Step[..., Any]:
        """The step of that name; raises `NotFound` with the nearest one."""
        found = self._known.get(name)
        if found is None:
            raise NotFound.among("step", name, self.names, field="step")
        return found

    def inputs_of(self, name: str) -> tuple[str, ...]:
        """The steps that a step waits for."""
        return tuple(dict.fromkeys(source for source in self.step(name).upstream if source in self._known))

    def needed_for(self, targets: Iterable[str] | None) -> tuple[Step[..., Any], ...]:
        """The steps that `targets` need, themselves included, in running order; all of them for None."""
        if targets is None:
            return self.order
        wanted: set[str] = set()
        waiting = [self.step(name).name for name in targets]
        while waiting:
            name = waiting.pop()
            if name not in wanted:
                wanted.add(name)
                waiting.extend(self.inputs_of(name))
        return tuple(one for one in self.order if one.name in wanted)

    def check(
        self,
        params: Mapping[str, Any] | None = None,
        resources: Mapping[str, Any] | None = None,
        *,
        targets: Iterable[str] | None = None,
    ) -> tuple[Step[..., Any], ...]:
        """Whether it can run with these: the steps that will run, in order.

        Raises `DeclarationError` for a parameter that nothing fills, and `InvalidInput` for a run parameter that no step takes,
        that is ambiguous, or whose type cannot fit.
        """
        params, resources = params or {}, resources or {}
        wanted = self.needed_for(targets)
        graph.refuse_missing(wanted, self.names, params, resources)
        self._refuse_stray(params, resources)
        graph.refuse_unfit(wanted, params)
        return wanted

    def _repr_html_(self) -> str:
        from html import escape

        from treadle.pipelines.picture import table

        rows = [(one.name, ", ".join(one.upstream), ", ".join(one.options), one.where) for one in self.order]
        return table(escape(self.name), ("step", "takes", "runs", "where"), rows)

    def _refuse_stray(self, params: Mapping[str, Any], resources: Mapping[str, Any]) -> None:
        steps = set(self.names)
        taken = {source for one in self.order for source in one.upstream}
        for name in params:
            if name in steps or name in resources:
                other = "a step" if name in steps else "a resource"
                raise InvalidInput(
                    f"{name!r} is given as a run parameter and is also {other} of pipeline {self.name!r}.",
                    mend="Rename one of them.",
                    field=name,
                )
            if name not in taken:
                known = taken - steps - set(resources)
                raise InvalidInput(
                    f"No step of pipeline {self.name!r} takes {name!r}.", mend=suggest(name, known), field=name
                )
        for name in resources:
            if name in steps:
                raise InvalidInput(
                    f"{name!r} is given as a resource and is also a step of pipeline {self.name!r}.",
                    mend="Rename one of them.",
                    field=name,
                )
