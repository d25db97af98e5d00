"""How pipelines and executions look in a notebook: one plain table, no script, both themes."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from treadle.pipelines.execution import Execution, StepRun
from treadle.pipelines.steps import Step

if TYPE_CHECKING:
    from treadle.pipelines.pipeline import Pipeline

_MARKS = {
    "succeeded": "✓",
    "cached": "↺",
    "failed": "✗",
    "running": "…",
    "pending": "·",
    "skipped": "–",
    "cancelled": "■",
}


def execution_table(execution: Execution) -> str:
    """The steps of an execution as an HTML table."""
    head = f"{escape(execution.pipeline)} <code>{escape(execution.id)}</code>: {execution.status}"
    if execution.seconds is not None:
        head += f" in {seconds(execution.seconds)}"
    rows = "".join(_row(one) for one in execution.steps)
    columns = "".join(
        f'<th style="text-align:left">{name}</th>' for name in ("", "step", "from", "time", "memory", "why")
    )
    return f"<div><b>{head}</b><table><thead><tr>{columns}</tr></thead><tbody>{rows}</tbody></table></div>"


def pipeline_table(pipeline: Pipeline) -> str:
    """The steps of a pipeline as an HTML table: what each takes, and where it is written."""
    rows = "".join(_cells(one.name, ", ".join(one.upstream), _options(one), one.where) for one in pipeline.order)
    columns = "".join(f'<th style="text-align:left">{name}</th>' for name in ("step", "takes", "runs", "where"))
    head = f"<b>{escape(pipeline.name)}</b>"
    return f"<div>{head}<table><thead><tr>{columns}</tr></thead><tbody>{rows}</tbody></table></div>"


def _options(one: Step[..., Any]) -> str:
    said = [f"{one.retries} more attempts"] if one.retries else []
    said += [f"at most {seconds(one.timeout_seconds)}"] if one.timeout_seconds is not None else []
    said += ["in a process of its own"] if one.apart else []
    return ", ".join(said + ([] if one.cache else ["every time"]))


def seconds(value: float | None) -> str:
    """A duration for people.

    >>> seconds(0.0042), seconds(3.14159), seconds(75), seconds(None)
    ('4 ms', '3.1 s', '1 min 15 s', '')
    """
    if value is None:
        return ""
    if value < 1:
        return f"{value * 1000:.0f} ms"
    return f"{value:.1f} s" if value < 60 else f"{int(value // 60)} min {int(value % 60)} s"


def memory(value: int | None) -> str:
    """Bytes for people.

    >>> memory(123_000_000)
    '123 MB'
    """
    return "" if value is None else f"{value / 1e6:.0f} MB"


def _row(one: StepRun) -> str:
    why = one.error or one.reason
    return _cells(
        f"{_MARKS[one.status]} {one.status}",
        one.name,
        ", ".join(one.inputs),
        seconds(one.seconds),
        memory(one.peak_memory),
        why,
    )


def _cells(*cells: str) -> str:
    return "<tr>" + "".join(f'<td style="text-align:left">{escape(cell)}</td>' for cell in cells) + "</tr>"
