"""What fills each parameter of a step in one execution, and what that makes of its cache key."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Mapping
from typing import Any

from treadle.errors import InvalidInput
from treadle.pipelines.cachekey import Ingredients
from treadle.pipelines.fingerprints import fingerprint, fingerprint_value
from treadle.pipelines.steps import Parameter, Step
from treadle.pipelines.task import Gathered
from treadle.pipelines.values import Output

OWN_NAMES = ("execution",)
"""Parameters that the runner itself fills when nothing else does: `execution` is the execution's id."""

AnyStep = Step[..., Any]


class Binding:
    """Params, resources and outputs, looked up by the names that parameters have.

    A step's output wins over a run parameter, that over a resource, that over `execution`, that over the default.
    """

    def __init__(self, execution: str, params: Mapping[str, Any], resources: Mapping[str, Any]) -> None:
        self._execution = execution
        self._params = params
        self._resources = resources
        self._codes: dict[int, str] = {}
        self._values: dict[str, str] = {}

    def arguments(self, step: AnyStep, outputs: Mapping[str, Output]) -> dict[str, Any]:
        """Parameter -> value, or the output that will be taken when the step begins; defaults are left out."""
        filled: dict[str, Any] = dict(step.values)
        for parameter in step.parameters:
            source = parameter.source
            if not isinstance(source, str):
                gathered = [self._one(step, one, outputs) for one in source]
                plain = not all(isinstance(one, Output) for one in gathered)
                filled[parameter.name] = _taken(gathered) if plain else Gathered(tuple(gathered))
            elif self._known(source, outputs):
                filled[parameter.name] = self._one(step, source, outputs)
        return filled

    def ingredients(self, step: AnyStep, outputs: Mapping[str, Output]) -> Ingredients:
        """What the step's result depends on. Raises what `fresh` raises."""
        inputs: dict[str, str] = {}
        params = {name: fingerprint_value(value) for name, value in step.values.items()}
        for parameter in step.parameters:
            taken = [outputs[one] for one in _sources(parameter) if one in outputs]
            if taken:
                inputs[parameter.name] = ",".join(f"{one.saved.format}:{one.saved.digest}" for one in taken)
            given = [one for one in _sources(parameter) if one not in outputs and one in self._params]
            if given:
                params[parameter.name] = ",".join(map(self._param, given))
        return Ingredients(step.name, self._code(step), inputs, params, self._fresh(step, outputs))

    def _one(self, step: AnyStep, source: str, outputs: Mapping[str, Output]) -> Any:
        for place in (outputs, self._params, self._resources):
            if source in place:
                return place[source]
        if source in OWN_NAMES:
            return self._execution
        raise InvalidInput(f"Step {step.name!r} needs {source!r}.", field=source, where=step.where)

    def _known(self, source: str, outputs: Mapping[str, Output]) -> bool:
        return source in outputs or source in self._params or source in self._resources or source in OWN_NAMES

    def _code(self, step: AnyStep) -> str:
        known = self._codes.get(id(step.function))
        if known is None:
            module = getattr(step.function, "__module__", "")
            told = f"{module} {fingerprint(step.function)}"
            known = self._codes[id(step.function)] = hashlib.sha256(told.encode()).hexdigest()
        return known

    def _param(self, name: str) -> str:
        if name not in self._values:
            self._values[name] = fingerprint_value(self._params[name])
        return self._values[name]

    def _fresh(self, step: AnyStep, outputs: Mapping[str, Output]) -> str:
        if step.fresh is None:
            return ""
        arguments = self.arguments(step, outputs)
        wanted = {
            name: arguments[name].take() if isinstance(arguments[name], (Output, Gathered)) else arguments[name]
            for name in inspect.signature(step.fresh).parameters
            if name in arguments
        }
        return str(step.fresh(**wanted))


def _sources(parameter: Parameter) -> tuple[str, ...]:
    return (parameter.source,) if isinstance(parameter.source, str) else parameter.source


def _taken(values: list[Any]) -> list[Any]:
    return [one.take() if isinstance(one, Output) else one for one in values]
