"""A name for anything that can be used or produced."""

from __future__ import annotations

from dataclasses import dataclass

from treadle.errors import InvalidInput


@dataclass(frozen=True, order=True)
class Ref:
    """A thing by its kind (dataset_version, artifact, execution, step, run, model_version, …) and its id.

    >>> str(Ref("dataset_version", "flights@3"))
    'dataset_version:flights@3'
    >>> Ref.parse("step:01j/train:xgboost")
    Ref(kind='step', id='01j/train:xgboost')
    """

    kind: str
    id: str

    def __post_init__(self) -> None:
        if not self.kind or ":" in self.kind or not self.id:
            raise InvalidInput(
                f"'{self.kind}:{self.id}' names nothing.",
                mend="Write kind:id, such as dataset_version:flights@3.",
                field="ref",
            )

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"

    @classmethod
    def parse(cls, text: str) -> Ref:
        """The reference that `str(ref)` wrote; raises `InvalidInput` for anything else."""
        kind, _, name = text.partition(":")
        return cls(kind, name)
