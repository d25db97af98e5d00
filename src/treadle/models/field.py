"""One column a model reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from treadle.errors import InvalidInput

FieldType = Literal["float32", "int64", "string", "boolean"]


@dataclass(frozen=True)
class Field:
    """One column a model reads.

    `required`: a request must carry the column. `nullable`: single values in it may be missing (the model was tried on rows
    with that value missing and answered).
    """

    name: str
    type: FieldType = "float32"
    required: bool = True
    nullable: bool = True

    def __post_init__(self) -> None:
        if not self.name:
            raise InvalidInput("A model input needs a name.", mend="Name every input column.", field="inputs")
        if self.type not in get_args(FieldType):
            raise InvalidInput(
                f"{self.name} has the unknown type {self.type!r}.",
                mend=f"Choose one of: {', '.join(get_args(FieldType))}.",
                field=self.name,
            )
