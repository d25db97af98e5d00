"""The Loop: one page that ties source, label, features, training, checks, rollout and triggers of one registered model."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from treadle.datasets import Source, splits
from treadle.errors import DeclarationError, TreadleError
from treadle.evidence import Check
from treadle.features import FeatureView
from treadle.loop.label import Label
from treadle.loop.location import declared_here
from treadle.rollouts import AtOnce, Canary, Plan
from treadle.training import Candidate, Search, candidates

if TYPE_CHECKING:
    from treadle.retraining import Trigger

_NAME = re.compile(r"[a-z0-9]([a-z0-9._-]{0,98}[a-z0-9])?")


class Loop:
    """The declaration of one model's whole life; nothing happens until it is turned.

    - `source`, `label`: the rows and the column to predict.
    - `features`: feature views (all their features) and names of the source's own columns.
    - `split`: how rows are divided; the default follows time when the source has it, else keeps label shares (or, for
      regression, is random).
    - `train`: candidates: any scikit-learn estimator, XGBoost, LightGBM, or a function `f(X, y, params) -> estimator`.
    - `search`: which parameters to try, for every candidate that has them.
    - `gates`, `monitors`: checks added to the standard ones; `without` names standard ones to leave out.
    - `rollout`, `retrain`: how a good version takes over, and what turns the loop again.
    - `seed`: makes a turn repeatable.

    Raises `DeclarationError` naming file, line and mend.
    """

    def __init__(
        self,
        name: str,
        *,
        source: Source,
        label: Label,
        features: Sequence[FeatureView | str],
        train: Sequence[Any],
        split: splits.Split | None = None,
        search: Search | None = None,
        gates: Sequence[Check[Any]] = (),
        monitors: Sequence[Check[Any]] = (),
        without: Sequence[str] = (),
        rollout: Plan | None = None,
        retrain: Sequence[Trigger] = (),
        seed: int = 0,
    ) -> None:
        self.declared_at = declared_here()
        self.name = self._checked_name(name)
        self.source = self._typed(source, Source, "source")
        self.label = self._typed(label, Label, "label")
        self.features = tuple(
            self._typed(f, (FeatureView, str), "features") for f in self._listed(features, "features")
        )
        self.views = tuple(f for f in self.features if isinstance(f, FeatureView))
        self.columns = tuple(f for f in self.features if isinstance(f, str))
        self.candidates = self._candidates(train)
        self.split = split if split is not None else self._default_split()
        self.search = search
        self.gates = tuple(self._typed(c, Check, "gates") for c in self._listed(gates, "gates"))
        self.monitors = tuple(self._typed(c, Check, "monitors") for c in self._listed(monitors, "monitors"))
        self.without = tuple(without)
        self.rollout: Plan = rollout if rollout is not None else AtOnce()
        self.retrain = tuple(retrain)
        self.seed = seed
        self._check_whole()

    def __repr__(self) -> str:
        features = ", ".join(f.name if isinstance(f, FeatureView) else f for f in self.features)
        return f"<Loop {self.name}: {self.label.task} {self.label.column} from {self.source.name}; features {features}>"

    @property
    def sources(self) -> tuple[Source, ...]:
        """Every source the loop reads: its own and those of its feature views, each once."""
        found = {self.source.name: self.source}
        for view in self.views:
            found.setdefault(view.source.name, view.source)
        return tuple(found.values())

    def wrong(self, message: str, *, mend: str = "", field: str = "", words: Sequence[str] = ()) -> DeclarationError:
        """An error about this declaration that points at the line mentioning one of `words` (else `field`)."""
        where = self.declared_at.line_of(*words, after=f"{field}=")
        return DeclarationError(message, mend=mend, field=field, where=where)

    def _checked_name(self, name: str) -> str:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise self.wrong(
                f"{name!r} cannot name a loop.",
                mend="Use lower-case letters, digits and - . _ between them, at most 100: for example 'late-arrival'.",
                field="name",
                words=(repr(name),),
            )
        return name

    def _typed(self, value: Any, kind: Any, field: str) -> Any:
        if not isinstance(value, kind):
            wanted = " or ".join(k.__name__ for k in (kind if isinstance(kind, tuple) else (kind,)))
            raise self.wrong(f"{field} takes a {wanted}, not {value!r:.80}.", field=field)
        return value

    def _listed(self, values: Any, field: str) -> Sequence[Any]:
        if isinstance(values, str) or not isinstance(values, Sequence):
            raise self.wrong(f"{field} takes a list, not {values!r:.80}.", mend=f"Write {field}=[…].", field=field)
        return values

    def _candidates(self, train: Any) -> tuple[Candidate, ...]:
        if not self._listed(train, "train"):
            raise self.wrong("A loop needs at least one candidate to train.", mend="Add an estimator.", field="train")
        try:
            return candidates(train)
        except TreadleError as error:
            raise self.wrong(error.message, mend=error.mend, field="train") from error

    def _default_split(self) -> splits.Split:
        if self.source.time is not None:
            return splits.Time()
        return splits.Random(seed=0) if self.label.task == "regression" else splits.Stratified(seed=0)

    def _check_whole(self) -> None:
        if not self.features:
            raise self.wrong(
                "A loop needs at least one feature.", mend="Name a column or a feature view.", field="features"
            )
        seen: set[str] = set()
        for feature in self.features:
            name = feature.name if isinstance(feature, FeatureView) else feature
            if name in seen:
                raise self.wrong(
                    f"The feature {name!r} is listed twice.", mend="Remove one.", field="features", words=(name,)
                )
            seen.add(name)
        if self.label.column in self.columns:
            raise self.wrong(
                f"The label {self.label.column!r} is also a feature: the model would be told the answer.",
                mend="Remove it from features.",
                field="features",
                words=(f'"{self.label.column}"', f"'{self.label.column}'"),
            )
        if self.views and self.source.time is None:
            raise self.wrong(
                f"Feature views are joined as of a row's time, but the source {self.source.name!r} has no time column.",
                mend="Give the source time=…, or use only its own columns.",
                field="source",
            )
        if isinstance(self.split, splits.Time) and self.source.time is None:
            raise self.wrong(
                "A split by time needs a source with a time column.", mend="Use td.splits.Random().", field="split"
            )
        if isinstance(self.rollout, Canary) and not self.source.id:
            raise self.wrong("A canary needs rows with an id to stay with one version.", field="rollout")
        names = {s.name: s for s in self.sources}
        for view in self.views:
            if names[view.source.name] != view.source:
                raise self.wrong(
                    f"Two different sources are named {view.source.name!r}.",
                    mend="Give one of them another name.",
                    field="source",
                )
