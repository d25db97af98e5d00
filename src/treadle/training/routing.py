"""Which parameter of a candidate a searched name means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from treadle.errors import DeclarationError, suggest
from treadle.training.candidate import Candidate
from treadle.training.family import final_step


def route(names: Iterable[str], candidate: Candidate) -> dict[str, str]:
    """The full parameter name in the candidate for each searched name it has; the others are left out.

    A function gets every name as it is.

    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.pipeline import make_pipeline
    >>> route(["alpha", "depth"], Candidate("ridge", make_pipeline(Ridge())))
    {'alpha': 'ridge__alpha'}
    """
    if candidate.kind == "function":
        return {name: name for name in names}
    known = parameters_of(candidate.make)
    return {name: known[name] for name in names if name in known}


def parameters_of(estimator: Any) -> Mapping[str, str]:
    """The names by which an estimator's parameters can be searched, and the full name of each."""
    get_params = getattr(estimator, "get_params", None)
    if get_params is None:
        return {}
    every = {name: name for name in get_params(deep=True)}
    last = final_step(estimator)
    if last is estimator:
        return every
    prefix = f"{estimator.steps[-1][0]}__"
    inner = {name: prefix + name for name in getattr(last, "get_params", dict)()}
    return {name: full for name, full in every.items() if "__" in name} | inner


def refuse_unknown(names: Iterable[str], candidates: Iterable[Candidate]) -> None:
    """Raise `DeclarationError` for a searched name that no candidate has, offering the nearest one."""
    given = tuple(candidates)
    if any(one.kind == "function" for one in given):
        return
    known = {name for one in given for name in parameters_of(one.make)}
    for name in names:
        if name not in known:
            raise DeclarationError(
                f"No candidate has a parameter named {name!r}.", mend=suggest(name, known), field="search"
            )
