"""A step: a plain function whose parameters name its inputs, and what is said about how it runs."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Generic, ParamSpec, TypeVar, overload

from treadle.clock import duration
from treadle.errors import DeclarationError, TreadleError, suggest
from treadle.pipelines.serializer import Serializer

P = ParamSpec("P")
R = TypeVar("R")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]*")


@dataclass(frozen=True)
class Parameter:
    """One parameter of a step's function: its name and what fills it."""

    name: str
    source: str | tuple[str, ...]  # the step, run parameter or resource that fills it; several make a list
    required: bool


@dataclass(frozen=True, eq=False)
class Step(Generic[P, R]):
    """A function and how it runs; calling the step calls the function.

    `inputs` maps a parameter to another name than its own (a list of names gathers their outputs into a list), `values` fixes
    parameters; both make one function into several steps. After a failure of a kind in `retry_on`, up to `retries` more attempts
    follow, `backoff` later, then twice that, and so on. A step with a `timeout`, or `isolated`, runs in a child process that can
    be killed. `cache=False` runs it every time; `fresh` instead names the state of the outside that it reads: it takes any of the
    step's parameters and returns a text that becomes part of the cache key. `serializer` writes what the formats cannot.

    Raises `DeclarationError` with the file and line of the function.

    >>> def double(x): return 2 * x
    >>> step = Step(double, inputs={"x": "half"}); step.name, step(4), step.parameters[0].source
    ('double', 8, 'half')
    """

    function: Callable[P, R]
    name: str = ""
    inputs: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    retries: int = 0
    backoff: str | timedelta = "1s"
    retry_on: tuple[type[BaseException], ...] = (Exception,)
    timeout: str | timedelta | float | None = None
    isolated: bool = False
    cache: bool = True
    fresh: Callable[..., str] | None = None
    serializer: Serializer | None = None
    parameters: tuple[Parameter, ...] = field(default=(), init=False)
    where: str = field(default="", init=False)
    backoff_seconds: float = field(default=0.0, init=False)
    timeout_seconds: float | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        set_ = object.__setattr__
        set_(self, "where", place(self.function))
        set_(self, "name", self.name or getattr(self.function, "__name__", ""))
        if not NAME.fullmatch(self.name):
            raise self.mistake(
                f"{self.name!r} cannot name a step.",
                'Give it a name of letters, digits and _ . -: Step(f, name="clean").',
            )
        _refuse_unrunnable(self)
        set_(self, "parameters", tuple(_parameters(self)))
        taken = list(inspect.signature(self.function).parameters)
        for given, kind in ((self.inputs, "inputs"), (self.values, "values")):
            for name in given:
                if name not in taken:
                    raise self.mistake(
                        f"Step {self.name!r}: {kind} names {name!r}, which the function does not take.",
                        suggest(name, taken),
                    )
        if not isinstance(self.retries, int) or self.retries < 0:
            raise self.mistake(f"Step {self.name!r}: retries must be 0 or more, not {self.retries!r}.", field="retries")
        set_(self, "backoff_seconds", self._seconds("backoff", self.backoff))
        set_(self, "timeout_seconds", None if self.timeout is None else self._seconds("timeout", self.timeout))
        if self.fresh is not None:
            self._check_fresh(self.fresh)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return self.function(*args, **kwargs)

    @property
    def __wrapped__(self) -> Callable[P, R]:
        return self.function

    @property
    def apart(self) -> bool:
        """Whether it must run in a process that can be killed."""
        return self.isolated or self.timeout is not None

    @property
    def options(self) -> tuple[str, ...]:
        """What is said about how it runs, in words; nothing for a plain step."""
        from treadle.pipelines.picture import seconds

        said = [f"{self.retries} more attempts"] if self.retries else []
        said += [f"at most {seconds(self.timeout_seconds)}"] if self.timeout_seconds is not None else []
        said += ["in a process of its own"] if self.apart else []
        return tuple(said + ([] if self.cache else ["every time"]))

    @property
    def upstream(self) -> tuple[str, ...]:
        """Every name that may fill a parameter, in the order of the parameters."""
        names: list[str] = []
        for parameter in self.parameters:
            names.extend([parameter.source] if isinstance(parameter.source, str) else parameter.source)
        return tuple(names)

    def named(
        self,
        name: str,
        *,
        inputs: Mapping[str, str | Sequence[str]] | None = None,
        values: Mapping[str, Any] | None = None,
    ) -> Step[P, R]:
        """The same step under another name, with inputs or values of its own: how a pipeline fans out.

        >>> def fit(rows, depth): ...
        >>> [s.name for s in (step(fit).named(f"fit_{d}", values={"depth": d}) for d in (2, 4))]
        ['fit_2', 'fit_4']
        """
        return replace(
            self, name=name, inputs={**self.inputs, **(inputs or {})}, values={**self.values, **(values or {})}
        )

    def mistake(self, message: str, mend: str = "", *, field: str = "") -> DeclarationError:
        """An error that points at the step's function."""
        return DeclarationError(message, mend=mend, field=field or self.name, where=self.where)

    def _seconds(self, name: str, value: str | timedelta | float) -> float:
        try:
            span = timedelta(seconds=value) if isinstance(value, (int, float)) else value
            return duration(span, field=name).total_seconds()
        except TreadleError as error:
            raise self.mistake(f"Step {self.name!r}: {error.message}", error.mend, field=name) from error

    def _check_fresh(self, fresh: Callable[..., str]) -> None:
        known = [p.name for p in self.parameters] + list(self.values)
        for name in inspect.signature(fresh).parameters:
            if name not in known:
                raise self.mistake(
                    f"Step {self.name!r}: fresh takes {name!r}, which is not a parameter of the step.",
                    suggest(name, known),
                    field="fresh",
                )


@overload
def step(function: Callable[P, R], /) -> Step[P, R]: ...


@overload
def step(
    name: str | None = None,
    /,
    *,
    inputs: Mapping[str, str | Sequence[str]] = ...,
    values: Mapping[str, Any] = ...,
    retries: int = ...,
    backoff: str | timedelta = ...,
    retry_on: tuple[type[BaseException], ...] = ...,
    timeout: str | timedelta | float | None = ...,
    isolated: bool = ...,
    cache: bool = ...,
    fresh: Callable[..., str] | None = ...,
    serializer: Serializer | None = ...,
) -> Callable[[Callable[P, R]], Step[P, R]]: ...


def step(name: Any = None, /, **options: Any) -> Any:
    """Make a function a `Step`: `@step`, `@step("name")` or `@step(retries=2, timeout="10m")`.

    Plain functions are steps already; this is for saying more about how one runs.

    >>> @step(retries=2)
    ... def load(path: str) -> int: return len(path)
    >>> load.name, load.retries, load("abc")
    ('load', 2, 3)
    """
    if isinstance(name, Step):
        return replace(name, **options)
    if callable(name):
        return Step(name, **options)
    return lambda function: Step(function, name=name or "", **options)


def as_step(given: Any) -> Step[..., Any]:
    """A step from a step or a function; raises `DeclarationError` for anything else."""
    if isinstance(given, Step):
        return given
    if not callable(given):
        raise DeclarationError(f"A pipeline is made of functions; {given!r} is none.", field="steps")
    return Step(given)


def place(function: Any) -> str:
    """`file:line` of a function, or its module when it has no code of its own."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    if code is None:
        return getattr(function, "__module__", "") or ""
    return f"{code.co_filename}:{code.co_firstlineno}"


def _refuse_unrunnable(declared: Step[..., Any]) -> None:
    function = inspect.unwrap(declared.function)
    if inspect.iscoroutinefunction(function):
        raise declared.mistake(
            f"Step {declared.name!r} is an async function.", "Make it a plain function that calls asyncio.run(…)."
        )
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise declared.mistake(
            f"Step {declared.name!r} is a generator.", "Return a list, a table or a file instead of yielding."
        )


def _parameters(declared: Step[..., Any]) -> list[Parameter]:
    found: list[Parameter] = []
    for name, parameter in inspect.signature(declared.function).parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
            raise declared.mistake(
                f"Step {declared.name!r}: the parameter {parameter} has no name that an input could have.",
                "Write every input as a parameter of its own.",
            )
        if name in declared.values:
            continue
        source = declared.inputs.get(name, name)
        found.append(
            Parameter(
                name,
                source if isinstance(source, str) else tuple(source),
                parameter.default is parameter.empty,
            )
        )
    return found
