"""Hold a declaration against the data's columns before anything runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from treadle.errors import suggest

if TYPE_CHECKING:
    from treadle.datasets import Column, Datasets
    from treadle.loop.declaration import Loop


def check_names(loop: Loop, datasets: Datasets, root: Path) -> None:
    """Hold the declaration against the sources' headers, before any row is read.

    Raises `DeclarationError` naming the line when a column is missing, misspelt, or known only with the outcome.
    """
    names = {source.name: datasets.header(source, root=root) for source in loop.sources}
    for source in loop.sources:
        source.check_columns(names[source.name])
    own = names[loop.source.name]
    if loop.label.column not in own:
        raise loop.wrong(
            f"The label column {loop.label.column!r} is not in the source {loop.source.name!r}.",
            mend=suggest(loop.label.column, own),
            field="label",
            words=("Label(",),
        )
    _check_features(loop, own)
    _check_entities(loop, own)


def check_types(loop: Loop, columns: Mapping[str, Sequence[Column]]) -> None:
    """Hold the declaration against the columns of the ingested versions, by source name; raises `DeclarationError`."""
    for view in loop.views:
        view.check(columns[view.source.name])
    kinds = {c.name: c.type for c in columns[loop.source.name]}
    kind = kinds[loop.label.column]
    if loop.label.task == "regression" and kind not in ("integer", "real"):
        raise loop.wrong(
            f"A regression needs a number to predict, but {loop.label.column!r} is {kind}.",
            mend="Choose another column, or another task.",
            field="label",
            words=("Label(",),
        )
    for name in loop.columns:
        if kinds[name] in ("timestamp", "date"):
            raise loop.wrong(
                f"The feature {name!r} is a {kinds[name]}; models take numbers, text and booleans.",
                mend="Derive a column from it (hour, weekday, age) in the source.",
                field="features",
                words=(f'"{name}"', f"'{name}'"),
            )


def _check_features(loop: Loop, names: Sequence[str]) -> None:
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


def _check_entities(loop: Loop, names: Sequence[str]) -> None:
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
