"""Hold a declaration against the data's columns before anything runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from treadle.errors import suggest

if TYPE_CHECKING:
    from treadle.datasets import Column, Datasets
    from treadle.loop.declaration import Loop


def check_columns(loop: Loop, datasets: Datasets, root: Path) -> None:
    """Raise `DeclarationError` naming the line when a column is missing, misspelt, leaks the outcome or cannot be a feature."""
    columns = {source.name: datasets.columns(source, root=root) for source in loop.sources}
    for source in loop.sources:
        source.check_columns([c.name for c in columns[source.name]])
    for view in loop.views:
        view.check(columns[view.source.name])
    own = columns[loop.source.name]
    _check_label(loop, own)
    _check_features(loop, own)
    _check_entities(loop, own)


def _check_label(loop: Loop, own: tuple[Column, ...]) -> None:
    names = [c.name for c in own]
    if loop.label.column not in names:
        raise loop.wrong(
            f"The label column {loop.label.column!r} is not in the source {loop.source.name!r}.",
            mend=suggest(loop.label.column, names),
            field="label",
            words=("Label(",),
        )
    kind = next(c.type for c in own if c.name == loop.label.column)
    if loop.label.task == "regression" and kind not in ("integer", "real"):
        raise loop.wrong(
            f"A regression needs a number to predict, but {loop.label.column!r} is {kind}.",
            mend="Choose another column, or another task.",
            field="label",
            words=("Label(",),
        )


def _check_features(loop: Loop, own: tuple[Column, ...]) -> None:
    names = [c.name for c in own]
    outcome = set(loop.source.outcome_columns(names))
    for name in loop.columns:
        if name not in names:
            raise loop.wrong(
                f"The feature {name!r} is not a column of the source {loop.source.name!r}.",
                mend=suggest(name, names),
                field="features",
                words=(f'"{name}"', f"'{name}'"),
            )
        if name in outcome:
            raise loop.wrong(
                f"The feature {name!r} is known only once the outcome is ({loop.source.created}): it would leak the label.",
                mend=f"Remove it; or, if it really is known at {loop.source.time}, add it to known=[…] of the source.",
                field="features",
                words=(f'"{name}"', f"'{name}'"),
            )
        kind = next(c.type for c in own if c.name == name)
        if kind in ("timestamp", "date"):
            raise loop.wrong(
                f"The feature {name!r} is a {kind}; models take numbers, text and booleans.",
                mend="Derive a column from it (hour, weekday, age) in the source.",
                field="features",
                words=(f'"{name}"', f"'{name}'"),
            )


def _check_entities(loop: Loop, own: tuple[Column, ...]) -> None:
    names = [c.name for c in own]
    early = set(loop.source.known_columns(names))
    for view in loop.views:
        for entity in view.entity:
            if entity not in names:
                raise loop.wrong(
                    f"The feature view {view.name!r} is keyed by {entity!r}, which the source {loop.source.name!r} does not have.",
                    mend=suggest(entity, names),
                    field="features",
                    words=(view.name, "features="),
                )
            if entity not in early:
                raise loop.wrong(
                    f"The feature view {view.name!r} is looked up by {entity!r}, which is known only once the outcome is.",
                    mend=f"Add {entity!r} to known=[…] of the source {loop.source.name!r} if it is known in time.",
                    field="features",
                    words=(view.name, "features="),
                )
