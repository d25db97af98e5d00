"""What a question is asked of."""

from __future__ import annotations

from dataclasses import dataclass

from treadle.errors import InvalidInput


@dataclass(frozen=True, order=True)
class Subject:
    """The thing a check looks at: its `kind` (dataset_version, model_version, endpoint, pipeline, …) and its id.

    >>> str(Subject("model_version", "late-arrival@2"))
    'model_version:late-arrival@2'
    """

    kind: str
    id: str

    def __post_init__(self) -> None:
        if not self.kind or ":" in self.kind:
            raise InvalidInput(
                f"{self.kind!r} is not a kind of subject.", mend="Use one word, such as model_version.", field="kind"
            )
        if not self.id:
            raise InvalidInput(f"A subject of kind {self.kind} needs an id.", field="id")

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"

    @classmethod
    def parse(cls, text: str) -> Subject:
        """The subject that `str(subject)` wrote; raises `InvalidInput` for anything else.

        >>> Subject.parse("execution:a:b")
        Subject(kind='execution', id='a:b')
        """
        kind, _, name = text.partition(":")
        return cls(kind, name)
