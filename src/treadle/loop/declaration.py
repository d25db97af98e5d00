"""The Loop: one page that ties source, label, features, training, checks, rollout and triggers of one registered model."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from treadle.clock import duration
from treadle.datasets import Source, splits
from treadle.errors import DeclarationError, TreadleError
from treadle.evidence import Check
from treadle.features import FeatureView
from treadle.loop.label import Label
from treadle.loop.location import declared_here
from treadle.monitoring import Signal
from treadle.rollouts import AtOnce, Canary, Plan
from treadle.training import Candidate, Search, candidates

if TYPE_CHECKING:
    from treadle.monitoring import Watched
    from treadle.retraining import RetrainPlan, Trigger, triggers

# The steps that every turn passes; release is not among them, since a refused candidate never gets there.
_STAGES = ("ingest", "validate", "clean", "join_features", "split", "train", "evaluate", "register")
_NAME = re.compile(r"[a-z0-9]([a-z0-9._-]{0,98}[a-z0-9])?")


class Loop:
    """The declaration of one model's whole life; nothing happens until it is turned.

    - `source`, `label`: the rows and the column to predict.
    - `features`: feature views (all their features) and names of the source's own columns.
    - `window`: learn only from the rows of this last span before the moment a turn looks from, such as `"92d"`; all, when left
      out.
    - `split`: how rows are divided; the default follows time when the source has it, else keeps label shares (or, for
      regression, is random).
    - `train`: candidates: any scikit-learn estimator, XGBoost, LightGBM, or a function `f(X, y, params) -> estimator`.
    - `search`: which parameters to try, for every candidate that has them.
    - `gates`, `monitors`: checks added to the standard ones; `without` names standard ones to leave out.
    - `signals`: proxies and business metrics that are measured about predictions, beside the label.
    - `rollout`, `retrain`: how a good version takes over, and what turns the loop again.
    - `cooldown`, `budget`, `catch_up`, `deadline`: the least span between two runs, the most runs (or their cost) in a span, what
      becomes of schedules and messages missed while nobody looked (`"latest"`, `"all"` or `"none"`), the longest a run may take.
    - `seed`: makes a turn repeatable.

    Raises `DeclarationError` naming file, line and mend.

    >>> import treadle as td
    >>> from sklearn.linear_model import LogisticRegression
    >>> orders = td.Source("orders", td.csv("orders.csv"), id="order_id")
    >>> late = td.Label("late", task="binary", positive=True)
    >>> td.Loop("late-orders", source=orders, label=late, features=["distance_km"], train=[LogisticRegression()])
    <Loop late-orders: binary late from orders; features distance_km>
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
        signals: Sequence[Signal] = (),
        without: Sequence[str] = (),
        rollout: Plan | None = None,
        retrain: Sequence[Trigger] = (),
        seed: int = 0,
        window: str | timedelta | None = None,
        cooldown: str | timedelta | None = "1d",
        budget: triggers.Budget | None = None,
        catch_up: str = "latest",
        deadline: str | timedelta = "1h",
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
        self.signals = tuple(self._typed(s, Signal, "signals") for s in self._listed(signals, "signals"))
        self.without = tuple(without)
        self.rollout: Plan = rollout if rollout is not None else AtOnce()
        self.retrain = tuple(self._listed(retrain, "retrain"))
        self.retrain_plan = self._planned(cooldown=cooldown, budget=budget, catch_up=catch_up, deadline=deadline)
        self.seed = seed
        self.window = self._span(window)
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

    @property
    def upstream(self) -> tuple[str, ...]:
        """The registered models whose change turns this loop: their answers are its input."""
        from treadle.retraining import triggers

        return tuple(trigger.model for trigger in self.retrain if isinstance(trigger, triggers.OnUpstream))

    @property
    def watched(self) -> Watched:
        """What monitoring needs to know of this loop: its endpoint and every monitor, standard and own."""
        from treadle.monitoring import OfflineOnlineCorrelation, Watched, monitors_of

        correlations = [OfflineOnlineCorrelation(signal.name, better=signal.better) for signal in self.signals]
        return Watched(
            name=self.name,
            model=self.name,
            task=self.label.task,
            label=self.label.column,
            positive=self.label.positive,
            monitors=monitors_of(self.label.task, (*correlations, *self.monitors), self.without),
            views=self.views,
            source=self.source,
            settles=self.label.settles,
            pipeline=self.name,
            stages=_STAGES,
            upstream=self.upstream,
        )

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

    def _span(self, window: Any) -> timedelta | None:
        """The span to learn from; it needs rows in time, and room for labels to settle."""
        if window is None:
            return None
        if self.source.time is None:
            raise self.wrong("A window needs a source with a time column.", mend="Leave window out.", field="window")
        mend = 'Write it like "92d", or give a timedelta.'
        try:
            span = duration(window, field="window")
        except TreadleError as error:
            raise self.wrong(error.message, mend=error.mend or mend, field="window") from error
        if span <= self.label.settles:
            raise self.wrong(
                f"Within a window of {span} no label is ever final: it takes {self.label.settles}.",
                mend="Give a longer window.",
                field="window",
            )
        return span

    def _planned(self, **settings: Any) -> RetrainPlan:
        """What retraining needs to know of this loop."""
        from treadle.retraining import RetrainPlan

        try:
            return RetrainPlan.of(self.name, self.retrain, **settings)
        except TreadleError as error:
            raise self.wrong(error.message, mend=error.mend, field=error.field) from error

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
