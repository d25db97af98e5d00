"""What can be wrong with a graph of steps, decided before anything runs. Pure: names, sources and annotations only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from treadle.errors import DeclarationError, InvalidInput, suggest
from treadle.pipelines.annotations import clash, element, hints
from treadle.pipelines.steps import Parameter, Step

AnyStep = Step[..., Any]


def refuse_duplicates(steps: Sequence[AnyStep]) -> None:
    """Raise `DeclarationError` when two steps have one name."""
    first: dict[str, AnyStep] = {}
    for one in steps:
        other = first.setdefault(one.name, one)
        if other is not one:
            raise one.mistake(
                f"Two steps are named {one.name!r}; the other is at {other.where}.",
                f'Rename one, or say step(f).named("{one.name}_2", …).',
            )


def in_order(steps: Sequence[AnyStep]) -> tuple[AnyStep, ...]:
    """Every step after the ones it waits for, else as declared; raises `DeclarationError` that draws the cycle.

    Source: A. B. Kahn, "Topological sorting of large networks" (1962).
    """
    known = {one.name: one for one in steps}
    waits = {one.name: {name for name in one.upstream if name in known} for one in steps}
    followers: dict[str, list[str]] = {name: [] for name in known}
    for name, sources in waits.items():
        for source in sources:
            followers[source].append(name)
    ready = [one.name for one in steps if not waits[one.name]]
    done: list[str] = []
    while ready:
        following: list[str] = []
        for name in ready:
            done.append(name)
            for follower in followers[name]:
                waits[follower].discard(name)
                if not waits[follower]:
                    following.append(follower)
        ready = following
    if len(done) < len(known):
        _draw_cycle(known, {name: sources for name, sources in waits.items() if name not in set(done)})
    return tuple(known[name] for name in done)


def refuse_missing(
    wanted: Iterable[AnyStep], steps: Sequence[str], params: Mapping[str, Any], resources: Mapping[str, Any]
) -> None:
    """Raise `DeclarationError` for a parameter without a default that no step, run parameter or resource fills."""
    known = {*steps, *params, *resources}
    for one in wanted:
        for parameter in one.parameters:
            for source in _sources(parameter):
                if source in known or (not parameter.required and source == parameter.name):
                    continue
                raise one.mistake(
                    f"Step {one.name!r} needs {source!r}, which is neither a step, a run parameter nor a resource.",
                    suggest(source, known - {one.name})
                    if known - {one.name}
                    else f"Give it: run(…, params={{{source!r}: …}}).",
                    field=source,
                )


def refuse_clashes(steps: Sequence[AnyStep]) -> None:
    """Raise `DeclarationError` when a step returns what the step it feeds cannot take, with the line of both."""
    known = {one.name: one for one in steps}
    resolved: dict[str, Mapping[str, Any]] = {}

    def hint(one: AnyStep, name: str) -> Any:
        if one.name not in resolved:
            resolved[one.name] = hints(one.function)
        return resolved[one.name].get(name, Any)

    for one in steps:
        for parameter in one.parameters:
            if not any(source in known for source in _sources(parameter)):
                continue
            expected = hint(one, parameter.name)
            several = not isinstance(parameter.source, str)
            wanted = element(expected) if several else expected
            for source in _sources(parameter):
                made = hint(known[source], "return") if source in known else Any
                if (several and wanted is None) or clash(made, wanted):
                    raise one.mistake(
                        f"Step {one.name!r} expects {parameter.name}: {_shown(expected)}, but step {source!r}"
                        f" ({known[source].where}) returns {_shown(made)}.",
                        "Mend one of the two annotations, or put a step between them.",
                        field=parameter.name,
                    )


def refuse_unfit(wanted: Iterable[AnyStep], params: Mapping[str, Any]) -> None:
    """Raise `InvalidInput` when a run parameter's value cannot be what the step's annotation says."""
    for one in wanted:
        for parameter in one.parameters:
            if isinstance(parameter.source, str) and parameter.source in params:
                expected = hints(one.function).get(parameter.name, Any)
                value = params[parameter.source]
                if clash(type(value), expected):
                    raise InvalidInput(
                        f"The run parameter {parameter.source!r} is {value!r}; step {one.name!r} ({one.where})"
                        f" expects {_shown(expected)}.",
                        mend="Give a value of that type.",
                        field=parameter.source,
                    )


def _sources(parameter: Parameter) -> tuple[str, ...]:
    return (parameter.source,) if isinstance(parameter.source, str) else parameter.source


def _draw_cycle(known: Mapping[str, AnyStep], waits: Mapping[str, set[str]]) -> None:
    name = next(iter(waits))
    path: list[str] = []
    while name not in path:
        path.append(name)
        name = sorted(waits[name])[0]
    loop = [*path[path.index(name) :], name]
    first = known[loop[0]]
    raise DeclarationError(
        f"The steps wait for each other in a circle: {' ← '.join(loop)}.",
        mend=f"Break it: one of them must not take the other as a parameter ({', '.join(known[n].where for n in loop[:-1])}).",
        field=first.name,
        where=first.where,
    )


def _shown(annotation: Any) -> str:
    return (
        annotation.__name__ if isinstance(annotation, type) and not hasattr(annotation, "__args__") else str(annotation)
    )
