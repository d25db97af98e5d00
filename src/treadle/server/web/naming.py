"""What checks, alerts and triggers are called on pages: their names in code as a person would say them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from treadle.clock import duration
from treadle.errors import TreadleError
from treadle.server.web.words import moment, sentence

_METRICS = {
    "accuracy": "Accuracy",
    "roc_auc": "ROC AUC",
    "average_precision": "Average precision",
    "log_loss": "Log loss",
    "brier": "Brier score",
    "f1": "F1",
    "macro_f1": "Macro F1",
    "roc_auc_ovr": "ROC AUC, one against the rest",
    "cpu_seconds": "CPU seconds",
    "r2": "R²",
    "rmse": "RMSE",
    "mae": "MAE",
    "mape": "MAPE",
}
_CALL = re.compile(r"(\w+)(?:\((.*)\))?", re.DOTALL)
_NAMES = {
    "drift": "Feature drift",
    "label_drift": "Label drift",
    "prediction_drift": "Prediction drift",
    "out_of_range": "Values out of range",
    "quality_drop": "Quality on arriving labels",
    "slow_leak": "Slow loss of quality",
    "quality": "Quality against the champion",
    "feature_gap": "Missing features",
    "feature_jobs": "Feature jobs",
    "finite": "Finite answers",
    "numerics": "Finite answers",
    "skew": "Training and serving skew",
    "stale": "Age of the model",
    "stale_stage": "Age of the newest stage",
    "offline_online_correlation": "Offline and online agree",
    "promotion": "Promotion",
    "canary": "Canary",
}
_WRONG = {
    "drift": "Features have drifted",
    "label_drift": "Labels have drifted",
    "prediction_drift": "Predictions have drifted",
    "out_of_range": "Requests outside of what the model has seen",
    "quality_drop": "Quality has dropped",
    "slow_leak": "Quality is leaking away",
    "skew": "Features differ between training and serving",
    "stale": "The model is old",
    "stale_stage": "A stage of the loop is late",
    "latency": "Answers have become slower",
    "throughput": "Traffic has changed",
    "finite": "Answers are not finite",
    "feature_jobs": "Feature jobs are late",
    "dependencies": "A dependency has changed",
    "request_invariants": "Requests break the rules",
}
_DUE = re.compile(r"the schedule .{9,60}? came due at ")
_FAILS = re.compile(
    r"\b(\w+(?:\([^()]*\))?) fails since"
)  # \b: else a long word is read again from each of its letters
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d) UTC")
_TOLD = re.compile(r"(\w+(?:\(.*\))?) failed on \S+")
_DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def metric_title(name: str) -> str:
    """A metric's name as people write it.

    >>> metric_title("roc_auc"), metric_title("fit_seconds")
    ('ROC AUC', 'Fit seconds')
    """
    return _METRICS.get(name) or name.replace("_", " ").capitalize()


def check_title(name: str) -> str:
    """The name of a check as words.

    >>> check_title("at_least(roc_auc, 0.65)"), check_title("better_than_baseline")
    ('ROC AUC at least 0.65', 'Better than baseline')
    >>> check_title("drift(over=28d, every=7d)"), check_title("quality_drop(over=28d, every=7d, roc_auc)")
    ('Feature drift over 28 days', 'Quality on arriving labels: ROC AUC, over 28 days')
    >>> check_title("slices(origin, carrier, within=0.2)")
    'Slices: origin, carrier, within 0.2'
    """
    head, plain, named = _parts(name)
    if not head:
        return name
    title = _NAMES.get(head, head.replace("_", " ").capitalize())
    if head in ("at_least", "at_most") and len(plain) >= 2:
        return f"{metric_title(plain[0])} {title.lower()} {plain[1]}"
    said = _measured(plain)
    said += [
        f"{key.replace('_', ' ')} {value}" for key, value in named.items() if key not in ("over", "every", "better")
    ]
    over = f"over {_span(named['over'])}" if "over" in named else ""
    if not said:
        return f"{title} {over}".rstrip()
    return f"{title}: {', '.join([*said, over] if over else said)}"


def wrong_title(check: str) -> str:
    """What is wrong when a check fails.

    >>> wrong_title("drift(over=28d, every=7d)"), wrong_title("quality_drop(roc_auc)"), wrong_title("keys_unique")
    ('Features have drifted over 28 days', 'Quality has dropped: ROC AUC', 'Keys unique failed')
    """
    head, plain, named = _parts(check)
    if head not in _WRONG:
        return f"{check_title(check)} failed"
    over = f" over {_span(named['over'])}" if "over" in named else ""
    return f"{_WRONG[head]}{over}{': ' if plain else ''}{', '.join(_measured(plain))}"


def alert_title(alert: Any) -> str:
    """The title of an alert; one that only repeats the name of its check is said in words."""
    return wrong_title(alert.check) if alert.check and alert.title.startswith(f"{alert.check} failed") else alert.title


def told_title(title: str) -> str:
    """The title of an alert that is known by nothing else.

    >>> told_title("drift(over=28d, every=7d) failed on late-arrival"), told_title("The disk is full")
    ('Features have drifted over 28 days', 'The disk is full')
    """
    match = _TOLD.fullmatch(title)
    return wrong_title(match.group(1)) if match else title


def subject_title(kind: str, id: str) -> str:
    """What a record is about; ids that say nothing are shortened.

    >>> subject_title("model_version", "late-arrival@2"), subject_title("rollout", "01m7ygrntcbvf4x0asjxgtqtmd")
    ('late-arrival@2', 'rollout …gtqtmd')
    """
    return f"{kind} …{id[-6:]}" if kind in ("rollout", "execution", "run") and len(id) >= 20 else id


def cause_title(cause: str) -> str:
    """What asked for a turn.

    >>> cause_title("cron(0 8 1 * *)"), cause_title("cron(30 3 * * 1)"), cause_title("on_new_data(60000)")
    ('On the 1st of each month at 08:00', 'Every Monday at 03:30', 'After 60,000 new rows')
    >>> cause_title("on_failing(drift(over=28d, every=7d))"), cause_title("by hand")
    ('When features have drifted over 28 days', 'By hand')
    """
    match = _CALL.fullmatch(cause)
    head, inside = (match.group(1), match.group(2) or "") if match else ("", "")
    if head == "cron":
        return _schedule(inside)
    if head == "on_failing":
        title = wrong_title(inside)
        return f"When {title[:1].lower()}{title[1:]}"
    if head == "on_new_data" and inside.isdecimal():
        return f"After {int(inside):,} new rows"
    told = {"on_code_change": "When the code changes", "on_message": "On a message", "on_upstream": "When it moves"}
    if head in told:
        return f"{told[head]}: {inside}" if inside else told[head]
    return cause[:1].upper() + cause[1:].replace("_", " ")


def reason_title(reason: str) -> str:
    """Why a turn is asked for: schedules and checks in words, moments as pages write them.

    >>> reason_title("the schedule 0 8 1 * * came due at 2013-06-01 08:00 UTC")
    'Came due on 1 Jun 2013, 08:00.'
    >>> reason_title("drift(over=28d, every=7d) fails since 2013-05-02 04:00 UTC: temp moved.")
    'Features have drifted over 28 days since 2 May 2013, 04:00: temp moved.'
    """
    text = _DUE.sub("came due on ", reason)
    text = _FAILS.sub(lambda found: f"{wrong_title(found.group(1))} since", text)
    return sentence(_MOMENT.sub(_spoken_moment, text))


def _spoken_moment(found: re.Match[str]) -> str:
    try:
        return moment(datetime.fromisoformat(found.group(1)))
    except ValueError:  # somebody wrote 2013-99-99 by hand
        return found.group(0)


def feature_title(name: str) -> str:
    """A feature of a view, the view behind it.

    >>> feature_title("carrier_delay__late_mean_6h"), feature_title("distance")
    ('carrier_delay · late_mean_6h', 'distance')
    """
    return name.replace("__", " · ", 1)


def _measured(names: list[str]) -> list[str]:
    return [metric_title(each) if each in _METRICS else each for each in names]


def _parts(name: str) -> tuple[str, list[str], dict[str, str]]:
    match = _CALL.fullmatch(name)
    if match is None:
        return "", [], {}
    inside = [part.strip() for part in (match.group(2) or "").split(",") if part.strip()]
    named = dict(part.split("=", 1) for part in inside if "=" in part)
    return match.group(1), [part for part in inside if "=" not in part], named


def _span(text: str) -> str:
    try:
        span = duration(text, field="over")
    except TreadleError:
        return text
    days = span / timedelta(days=1)
    if days >= 1:
        return f"{days:g} day{'s' if days != 1 else ''}"
    hours = span / timedelta(hours=1)
    return f"{hours:g} hour{'s' if hours != 1 else ''}"


def _schedule(fields: str) -> str:
    """A schedule of five fields in words, where it is one that people say in words."""
    parts = fields.split()
    if len(parts) != 5 or not (parts[0].isdecimal() and parts[1].isdecimal()) or parts[3] != "*":
        return f"On the schedule {fields}"
    at = f"at {int(parts[1]):02d}:{int(parts[0]):02d}"
    day, weekday = parts[2], parts[4]
    if day == weekday == "*":
        return f"Every day {at}"
    if day == "*" and weekday.isdecimal() and int(weekday) < len(_DAYS):
        return f"Every {_DAYS[int(weekday)]} {at}"
    if weekday == "*" and day.isdecimal():
        ending = "th" if 10 < int(day) < 20 else {"1": "st", "2": "nd", "3": "rd"}.get(day[-1], "th")
        return f"On the {int(day)}{ending} of each month {at}"
    return f"On the schedule {fields}"


FILTERS = {
    "check_title": check_title,
    "wrong_title": wrong_title,
    "alert_title": alert_title,
    "cause_title": cause_title,
    "metric_title": metric_title,
    "reason_title": reason_title,
    "told_title": told_title,
    "subject_title": subject_title,
    "feature_title": feature_title,
}
