"""What turned out to be true, told to a server."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from treadle.client.wire import Wire, path
from treadle.clock import as_utc
from treadle.errors import InvalidInput

if TYPE_CHECKING:
    from treadle.monitoring import LabelEntry, Received


class EndpointClient:
    """One endpoint of a server."""

    def __init__(self, wire: Wire, name: str) -> None:
        self._wire = wire
        self.name = name

    def label(
        self, entries: Mapping[str, Any] | Iterable[LabelEntry], *, at: datetime | None = None, source: str = ""
    ) -> Received:
        """Say what turned out to be true: `{prediction id: label}`, or entries with a moment each.

        `at` is when labels without a moment of their own became known (default: now). All of them are kept or none; sending the
        same again changes nothing, another value is a correction. A call takes up to 100,000. Raises `InvalidInput` that names the
        entry.
        """
        return self._tell("labels", {}, entries, at, source)

    def signal(
        self,
        name: str,
        entries: Mapping[str, Any] | Iterable[LabelEntry],
        *,
        at: datetime | None = None,
        source: str = "",
    ) -> Received:
        """Say what a signal (a click, a complaint, a business metric) was for predictions. As `label`."""
        return self._tell("signals", {"signal": name}, entries, at, source)

    def label_stats(self) -> dict[str, Any]:
        """How many predictions have their label, and by which age."""
        return self._wire.get(path("endpoints", self.name, "labels"))

    def history(self, prediction_id: str) -> list[dict[str, Any]]:
        """Everything that was said about one prediction, oldest first."""
        return self._wire.get(path("endpoints", self.name, "labels", prediction_id))

    def _tell(
        self,
        kind: str,
        more: dict[str, str],
        entries: Mapping[str, Any] | Iterable[LabelEntry],
        at: datetime | None,
        source: str,
    ) -> Received:
        from treadle.monitoring import Received

        body = {kind: _plain(entries, at), "source": source, **more}
        return Received(**self._wire.post(path("endpoints", self.name, kind), body))


def _plain(entries: Mapping[str, Any] | Iterable[LabelEntry], at: datetime | None) -> list[dict[str, Any]]:
    if isinstance(entries, Mapping):
        listed = [(identifier, value, at) for identifier, value in entries.items()]
    else:
        try:
            listed = [(one.prediction_id, one.value, one.at or at) for one in entries]
        except (AttributeError, TypeError) as error:
            raise InvalidInput(
                "Labels are given as {prediction id: label}, or as LabelEntry objects.", field="entries"
            ) from error
    return [
        {"prediction_id": identifier, "value": _item(value), **({} if known is None else {"at": as_utc(known)})}
        for identifier, value, known in listed
    ]


def _item(value: Any) -> Any:
    item = getattr(value, "item", None)  # numpy scalars
    return item() if callable(item) else value
