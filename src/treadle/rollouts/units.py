"""Answers into units: the first answer of each key, once its label is there, in the order in which the labels came."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from treadle.rollouts.analysis.seen import Answers, unit_of
from treadle.rollouts.store import Unit

if TYPE_CHECKING:
    import numpy as np

    from treadle.rollouts.sequential import Harm


def new_units(answers: Answers, loss: np.ndarray, known: Collection[str], salt: str, *, feedback: bool) -> list[Unit]:
    """The units that became known: drawn ones by key, and pairs of a shadow with the champion by prediction.

    Only the first answer of a key counts: it was drawn once. Which answer that is, and when its label comes, does not depend on
    the draw. With `feedback` (answers move outcomes) outcomes are not used to guess losses.
    """
    taken = set(known)
    found: list[tuple[int, Unit]] = []
    seen: set[str] = set()
    drawn = answers.drawn
    for row in range(len(answers.ids)):
        if not drawn[row] or answers.keys[row] in seen:
            continue
        seen.add(answers.keys[row])
        if loss[row] != loss[row]:
            continue
        unit = unit_of(answers.keys[row], salt)
        if unit not in taken:
            outcome = "" if feedback else _outcome(answers, row)
            share = float(answers.share[row])
            found.append(
                (int(answers.label_at[row]), Unit(unit, bool(answers.treated[row]), share, float(loss[row]), outcome))
            )
    found.extend(_pairs(answers, loss, taken, salt))
    return [unit for _, unit in sorted(found, key=lambda pair: (pair[0], pair[1].unit))]


def harm_of(units: dict[str, list]) -> Harm:  # type: ignore[type-arg]
    """The harm of the kept units in the order of use; a shadow's pair is its own harm, between -1 and 1."""
    import numpy as np

    from treadle.rollouts.sequential import Harm, harm

    share, loss = np.array(units["share"], dtype=float), np.array(units["loss"], dtype=float)
    values, least, greatest = loss.copy(), np.full(len(loss), -1.0), np.ones(len(loss))
    drawn = share > 0
    if drawn.any():
        names, strata = np.unique(np.array(units["outcome"], dtype=str)[drawn], return_inverse=True)
        treated = np.array(units["treated"], dtype=float)[drawn]
        found = harm(treated, share[drawn], loss[drawn], strata if len(names) > 1 else None)
        values[drawn], least[drawn], greatest[drawn] = found.values, found.least, found.greatest
    return Harm(values, least, greatest)


def _pairs(answers: Answers, loss: np.ndarray, taken: set[str], salt: str) -> list[tuple[int, Unit]]:
    """What the shadow lost more than the champion on the same prediction."""
    shadows = {
        answers.ids[row]: row for row in range(len(answers.ids)) if answers.share[row] == 0 and answers.treated[row]
    }
    found = []
    for row, identifier in enumerate(answers.ids):
        shadow = shadows.get(identifier)
        if shadow is None or answers.treated[row] or loss[row] != loss[row] or loss[shadow] != loss[shadow]:
            continue
        unit = unit_of(f"pair {identifier}", salt)
        if unit not in taken:
            difference = float(loss[shadow] - loss[row])
            found.append((int(answers.label_at[row]), Unit(unit, True, 0.0, difference, "")))
    return found


def _outcome(answers: Answers, row: int) -> str:
    label = answers.label[row]
    return "" if label is None or len(label) > 40 else label
