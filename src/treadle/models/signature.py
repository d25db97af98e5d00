"""What goes into a model and what comes out of it, in words every runtime shares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal, get_args

from treadle.errors import InvalidInput
from treadle.models.field import Field

if TYPE_CHECKING:
    import pyarrow as pa

Task = Literal["binary", "multiclass", "regression"]
ClassType = Literal["text", "integer", "real", "boolean"]


@dataclass(frozen=True)
class Signature:
    """The inputs in their order, the task, and for a classifier its classes in the order of the scores.

    Classes are kept as text; `class_type` says what they are in the data, so that a predicted label compares equal to the
    label column it was learned from. Raises `InvalidInput` for doubled names, for fewer than two classes and for classes that
    are not of their type.

    >>> Signature((Field("distance"),), "binary", ("False", "True"), class_type="boolean").labels
    (False, True)
    """

    inputs: tuple[Field, ...]
    task: Task
    classes: tuple[str, ...] = ()
    label: str = ""
    class_type: ClassType = "text"

    def __post_init__(self) -> None:
        if self.task not in get_args(Task):
            raise InvalidInput(
                f"{self.task!r} is not a task.", mend=f"Choose one of: {', '.join(get_args(Task))}.", field="task"
            )
        _no_doubles("inputs", [field.name for field in self.inputs])
        _no_doubles("classes", self.classes)
        if self.task == "regression" and self.classes:
            raise InvalidInput("A regression model has no classes.", mend="Leave the classes out.", field="classes")
        if self.task != "regression" and len(self.classes) < 2:
            raise InvalidInput(
                f"A {self.task} model needs at least two classes, not {len(self.classes)}.",
                mend="Name the classes in the order of the scores.",
                field="classes",
            )
        if self.task == "binary" and len(self.classes) != 2:
            raise InvalidInput(
                f"A binary model has two classes, not {len(self.classes)}.",
                mend='Make the task "multiclass".',
                field="classes",
            )
        _ = self.labels

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the inputs, in order."""
        return tuple(field.name for field in self.inputs)

    @property
    def numeric(self) -> bool:
        """Whether every input is a number or a boolean, so that a row fits into one float matrix."""
        return all(field.type != "string" for field in self.inputs)

    @cached_property
    def labels(self) -> tuple[str | int | float | bool, ...]:
        """The classes as the values they are in the data."""
        return tuple(_typed(text, self.class_type) for text in self.classes)

    @classmethod
    def of(
        cls, table: pa.Table, inputs: Sequence[str], *, task: Task, label: str = "", classes: Sequence[object] = ()
    ) -> Signature:
        """The signature of a model over columns of a table: numbers and booleans become float32, text stays text.

        `classes` are the values of the label in the order of the scores (left out: the sorted values of the column `label`).
        Raises `InvalidInput` for a column that is not there or is neither number, boolean nor text.
        """
        from treadle.models.arrow import classes_of, field_of

        values = tuple(classes) if classes or task == "regression" else classes_of(table, label)
        return cls(
            inputs=tuple(field_of(table, name) for name in inputs),
            task=task,
            classes=tuple(str(value) for value in values),
            label=label,
            class_type=class_type_of(values),
        )


def class_type_of(values: Sequence[object]) -> ClassType:
    """What the values of a label are: booleans, integers, real numbers, or else text.

    >>> class_type_of([False, True]), class_type_of([0, 1]), class_type_of(["no", "yes"])
    ('boolean', 'integer', 'text')
    """
    kinds = {type(value).__name__.rstrip("_") for value in values}
    if kinds and kinds <= {"bool"}:
        return "boolean"
    if kinds and all(kind.startswith(("int", "uint")) for kind in kinds):
        return "integer"
    if kinds and all(kind.startswith("float") for kind in kinds):
        return "real"
    return "text"


def _typed(text: str, kind: ClassType) -> str | int | float | bool:
    try:
        if kind == "boolean":
            return {"true": True, "false": False, "1": True, "0": False}[text.lower()]
        return text if kind == "text" else int(text) if kind == "integer" else float(text)
    except (KeyError, ValueError) as error:
        raise InvalidInput(
            f"The class {text!r} is not of the type {kind}.", mend='Make the class type "text".', field="classes"
        ) from error


def _no_doubles(field: str, names: Sequence[str]) -> None:
    doubled = sorted({name for name in names if list(names).count(name) > 1})
    if doubled:
        raise InvalidInput(f"{field} names {doubled[0]!r} twice.", mend="Name each once.", field=field)
