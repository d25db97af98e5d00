"""What travels to a child process: the function (by name where it has one, else by value), its arguments, where to write."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import cloudpickle
import msgspec

from treadle.artifacts import ArtifactStore
from treadle.errors import Conflict, InvalidInput
from treadle.pipelines.fingerprints import fingerprint
from treadle.pipelines.formats.nouns import is_noun
from treadle.pipelines.packages import owner_of_file
from treadle.pipelines.serializer import Serializer
from treadle.pipelines.task import Gathered, Task
from treadle.pipelines.values import Output

if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec


@dataclass(frozen=True)
class Named:
    """A function that the child imports; `code` is what it must still be there."""

    module: str
    name: str
    code: str

    def found(self) -> Any:
        """The function; raises `Conflict` when the file is not what the parent has loaded."""
        from importlib import import_module

        function: Any = import_module(self.module)
        for name in self.name.split("."):
            function = getattr(function, name)
        function = getattr(function, "function", function)
        if fingerprint(function, values=False) != self.code:
            raise Conflict(
                f"The code of {self.module}.{self.name} on the disk is not the code that this process has loaded.",
                mend="Start again (in a notebook: restart the kernel or reload the module).",
            )
        return function


@dataclass(frozen=True)
class Luggage:
    """Everything one attempt needs in a child."""

    execution: str
    step: str
    attempt: int
    function: Any
    arguments: Mapping[str, Any]
    serializer: Serializer | None
    retry_on: tuple[type[BaseException], ...]
    where: str
    root: str
    durability: Literal["process", "power"]
    classes: Mapping[str, type]  # the nouns of the parent's main module, which the child does not have
    log: str


@dataclass(frozen=True)
class Modules:
    """Where the parent's own modules are, for those that were loaded from a file and not from `sys.path`.

    It finds them in a child after everything else has failed to.
    """

    files: Mapping[str, str]

    @classmethod
    def loaded(cls) -> Modules:
        """The project's modules of this process."""
        found = {name: getattr(module, "__file__", None) for name, module in tuple(sys.modules.items())}
        return cls(
            {
                name: file
                for name, file in found.items()
                if file and name != "__main__" and not name.startswith("treadle.") and owner_of_file(file) == "project"
            }
        )

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:  # noqa: ARG002
        """What the import system asks."""
        from importlib.machinery import ModuleSpec
        from importlib.util import spec_from_file_location

        if name in self.files:
            return spec_from_file_location(name, self.files[name])
        if any(other.startswith(f"{name}.") for other in self.files):
            return ModuleSpec(name, None, is_package=True)
        return None


def packed(task: Task, log: str) -> bytes:
    """The modules and the luggage of a task as bytes; raises `InvalidInput` that names what cannot travel."""
    arguments = {name: given for name, given in task.arguments.items() if not isinstance(given, (Output, Gathered))}
    for name, given in arguments.items():
        _refuse_stuck(task, name, given)
    main = vars(sys.modules["__main__"])
    classes = {n: k for n, k in main.items() if isinstance(k, type) and k.__module__ == "__main__" and is_noun(k)}
    stored = {name: _away(given) for name, given in task.arguments.items()}
    luggage = Luggage(
        task.context.execution,
        task.step.name,
        task.context.attempt,
        _function(task),
        stored,
        task.step.serializer,
        task.step.retry_on,
        task.step.where,
        str(task.store.root),
        task.store.durability,
        classes,
        log,
    )
    try:
        return msgspec.msgpack.encode((dict(Modules.loaded().files), cloudpickle.dumps(luggage)))
    except Exception as error:
        raise InvalidInput(
            f"Step {task.step.name!r} runs in a process of its own, but its function cannot travel there: {error}.",
            mend="Move what it closes over into parameters, or drop isolated and timeout.",
            where=task.step.where,
        ) from error


def taken(given: Any, store: ArtifactStore) -> Any:
    """An argument in the child: outputs are read from the store."""
    if isinstance(given, _Away):
        values = [Output(saved, store, serializer).take() for saved, serializer in given.outputs]
        return values if given.gathered else values[0]
    return given


@dataclass(frozen=True)
class _Away:
    outputs: tuple[tuple[Any, Serializer | None], ...]
    gathered: bool


def _away(given: Any) -> Any:
    if isinstance(given, Output):
        return _Away(((given.saved, given.serializer),), False)
    if isinstance(given, Gathered):
        return _Away(tuple((one.saved, one.serializer) for one in given.outputs), True)
    return given


def _function(task: Task) -> Any:
    function = task.step.function
    module, name = getattr(function, "__module__", ""), getattr(function, "__qualname__", "")
    found: Any = sys.modules.get(module)
    for part in name.split(".") if module != "__main__" else ():
        found = getattr(found, part, None)
    if found is not None and module != "__main__" and getattr(found, "function", found) is function:
        return Named(module, name, fingerprint(function, values=False))
    return function


def _refuse_stuck(task: Task, name: str, given: Any) -> None:
    try:
        cloudpickle.dumps(given)
    except Exception as error:
        raise InvalidInput(
            f"Step {task.step.name!r} runs in a process of its own, but {name!r} ({type(given).__name__})"
            f" cannot travel there: {error}.",
            mend=f"Open {name} inside the step, or drop isolated and timeout.",
            field=name,
            where=task.step.where,
        ) from error
