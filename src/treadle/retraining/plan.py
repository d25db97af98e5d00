"""What retraining needs to know of a loop."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from treadle.clock import duration
from treadle.errors import InvalidInput
from treadle.retraining.triggers.budget import Budget
from treadle.retraining.triggers.trigger import Trigger

CatchUp = Literal["latest", "all", "none"]
CATCH_UP: tuple[CatchUp, ...] = ("latest", "all", "none")


@dataclass(frozen=True)
class RetrainPlan:
    """The triggers of the loop `name` and what holds them back.

    `cooldown` is the least span between the starts of two runs, `deadline` the longest a run may take. `catch_up` says what
    becomes of schedules and messages that came while nobody looked: one run for the latest, a run for all, or none for those
    older than `late`. After a failed run the next attempt waits `backoff`, twice as long after each further failure, at most
    a day.
    """

    loop: str
    triggers: tuple[Trigger, ...] = ()
    cooldown: timedelta = timedelta(days=1)
    budget: Budget = field(default_factory=Budget)
    catch_up: CatchUp = "latest"
    deadline: timedelta = timedelta(hours=1)
    late: timedelta = timedelta(hours=1)
    backoff: timedelta = timedelta(minutes=15)

    @classmethod
    def of(
        cls,
        loop: str,
        triggers: tuple[Trigger, ...] = (),
        *,
        cooldown: str | timedelta | None = "1d",
        budget: Budget | None = None,
        catch_up: str = "latest",
        deadline: str | timedelta = "1h",
    ) -> RetrainPlan:
        """The plan from what a loop declares; raises `InvalidInput` that names the field."""
        for trigger in triggers:
            if not isinstance(trigger, Trigger):
                raise InvalidInput(
                    f"retrain takes triggers, not {trigger!r:.80}.",
                    mend='For example td.triggers.Cron("0 3 * * 1").',
                    field="retrain",
                )
        names = [trigger.name for trigger in triggers]
        for name in names:
            if names.count(name) > 1:
                raise InvalidInput(f"The trigger {name} is listed twice.", mend="Remove one.", field="retrain")
        if catch_up not in CATCH_UP:
            raise InvalidInput(
                f"{catch_up!r} is no way to catch up.", mend=f"Choose one of: {', '.join(CATCH_UP)}.", field="catch_up"
            )
        if budget is not None and not isinstance(budget, Budget):
            raise InvalidInput(
                f"budget takes a Budget, not {budget!r:.80}.",
                mend="For example td.triggers.Budget(runs=3, per='7d').",
                field="budget",
            )
        return cls(
            loop=loop,
            triggers=triggers,
            cooldown=timedelta(0) if cooldown is None else duration(cooldown, field="cooldown"),
            budget=budget or Budget(),
            catch_up=catch_up,
            deadline=duration(deadline, field="deadline"),
        )
