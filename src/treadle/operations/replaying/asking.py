"""Speaks to a running server as any client would: predictions by the Open Inference Protocol, labels by Treadle's own REST."""

from __future__ import annotations

import http.client
import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec

from treadle.errors import Unavailable
from treadle.operations.replaying.history import Asked, Known

_SECONDS = 30.0
_RESTS = (0.0, 0.05, 0.1, 0.2, 0.5)  # seconds before each new try; the last of them again and again
_TYPES = {str: "BYTES", bool: "BOOL", int: "INT64", float: "FP64"}


@dataclass
class Heard:
    """What the client counted for itself: `dropped` requests got no answer, or one that is no 200."""

    requests: int = 0
    predictions: int = 0
    labels: int = 0
    dropped: int = 0
    said: list[str] = field(default_factory=list)  # the first few refusals, in words
    until: datetime | None = None  # rows up to here were asked about

    @classmethod
    def kept(cls, path: Path | None) -> Heard:
        """What an interrupted client had counted; nothing where it left no file."""
        try:
            return msgspec.json.decode(path.read_bytes(), type=cls) if path is not None else cls()
        except (FileNotFoundError, msgspec.DecodeError):
            return cls()

    def keep(self, path: Path) -> None:
        """Leave the counts for whoever goes on; the file is replaced whole."""
        part = path.with_name(f"{path.name}.part")
        part.write_bytes(msgspec.json.encode(self))
        part.replace(path)


class Asker:
    """One keep-alive connection to the server at `address`; a broken one is opened again and the same ids are asked again.

    A server that is away, or says that it is, is waited for so many seconds of `patience`: it may be on its way back.
    """

    def __init__(self, address: str, endpoint: str, heard: Heard | None = None, *, patience: float = _SECONDS) -> None:
        self._patience = patience
        parts = urlsplit(address)
        self._connection = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port, timeout=_SECONDS)
        self._endpoint = quote(endpoint, safe="")
        self.heard = heard if heard is not None else Heard()

    def predict(self, asked: Asked) -> None:
        """One request for all rows. Raises `Unavailable` when the server stays away: whoever goes on asks about them again."""
        body = {
            "inputs": [_tensor(name, values) for name, values in asked.columns.items()],
            "parameters": {"time": [_written(time) for time in asked.times], "prediction_ids": asked.ids},
        }
        self.heard.requests += 1
        if self._post(f"/v2/models/{self._endpoint}/infer", body):
            self.heard.predictions += len(asked.ids)
        else:
            self.heard.dropped += 1

    def label(self, known: Known) -> None:
        """One request with all labels. Raises `Unavailable` when the server does not take them."""
        self._feedback("labels", {}, known)
        self.heard.labels += len(known.ids)

    def signal(self, name: str, known: Known) -> None:
        """One request with all values of a signal. Raises `Unavailable` when the server does not take them."""
        self._feedback("signals", {"signal": name}, known)

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    def _feedback(self, kind: str, more: dict[str, str], known: Known) -> None:
        entries = [
            {"prediction_id": each, "value": value, "at": _written(time)}
            for each, value, time in zip(known.ids, known.values, known.times, strict=True)
        ]
        if not self._post(f"/api/v1/endpoints/{self._endpoint}/{kind}", {**more, kind: entries}):
            raise Unavailable(
                f"The server took no {kind}: {self.heard.said[-1]}", mend="Run it again: it goes on where it was."
            )

    def _post(self, path: str, body: dict[str, Any]) -> bool:
        data = msgspec.json.encode(body)
        headers = {"Content-Type": "application/json"}
        until, said = time.monotonic() + self._patience, ""
        for rest in itertools.chain(_RESTS, itertools.repeat(_RESTS[-1])):
            if rest and time.monotonic() > until:
                raise Unavailable(
                    f"The server did not answer for {self._patience:g} s: {said[:500]}",
                    mend="Run it again: it goes on where it was.",
                )
            time.sleep(rest)
            try:
                self._connection.request("POST", path, data, headers)
                answer = self._connection.getresponse()
                said = answer.read().decode("utf-8", "replace")
            except (OSError, http.client.HTTPException) as error:
                said = f"{type(error).__name__}: {error}"
                self._connection.close()
                continue
            if answer.status == 200:
                return True
            if answer.status not in (502, 503, 504):
                break
        if len(self.heard.said) < 20:
            self.heard.said.append(said[:500])
        return False


def _tensor(name: str, values: Sequence[Any]) -> dict[str, Any]:
    kind = next((_TYPES[type(value)] for value in values if type(value) in _TYPES), "BYTES")
    return {"name": name, "datatype": kind, "shape": [len(values)], "data": values}


def _written(moment: datetime) -> str:
    return moment.isoformat()
