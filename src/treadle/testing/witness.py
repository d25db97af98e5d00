"""An independent witness of serving: a client in a process of its own that writes down what it asked and what it was told.

It never reads Treadle's files. Every request is asked until it is answered, with the same id when a connection broke, so that in
the end what was sent, what was answered with 200 and what stands in the prediction log can be compared as sets.

```
python -m treadle.testing.witness ENDPOINT FOLDER PORT… [--clients 4]     ends when its stdin does
```
"""

from __future__ import annotations

import argparse
import http.client
import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_GIVE_UP_SECONDS = 300.0  # a process killed again before it has started answers late, and still has to


@dataclass(frozen=True)
class Seen:
    """What a witness wrote down: ids sent (with how often), ids answered with the version and value told, and what was odd."""

    sent: Counter[str] = field(default_factory=Counter)
    answered: dict[str, tuple[int, float]] = field(default_factory=dict)
    odd: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, folder: Path) -> Seen:
        """What lies in the folder that a witness wrote to."""
        seen = cls()
        for path in sorted(folder.glob("*.witness")):
            for line in path.read_text("utf-8").splitlines():
                word, name, *rest = line.split(" ", 2)
                if word == "sent":
                    seen.sent[name] += 1
                elif word == "told" and name not in seen.answered:
                    version, value = rest[0].split(" ")
                    seen.answered[name] = (int(version), float(value))
                else:
                    seen.odd.append(line)
        return seen


class Client(threading.Thread):
    """Asks one after the other over one connection, every fifth time about three rows at once."""

    def __init__(self, number: int, endpoint: str, folder: Path, port: int, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self._name = f"{port}-{number}"
        self._path, self._port, self._stopped = f"/v2/models/{endpoint}/infer", port, stop
        self._book = open(folder / f"{self._name}.witness", "w", buffering=1, encoding="utf-8")  # noqa: SIM115
        self._connection: http.client.HTTPConnection | None = None

    def run(self) -> None:
        """Ask until told to stop; the last question is asked to its end."""
        count = 0
        while not self._stopped.is_set():
            count += 1
            rows = 1 if count % 5 else 3
            request = f"{self._name}-{count}"
            names = [request] if rows == 1 else [f"{request}.{row}" for row in range(rows)]
            for line in self._asked(request, names):
                self._book.write(line + "\n")
        self._book.close()

    def _asked(self, request: str, names: list[str]) -> Iterator[str]:
        rows = len(names)
        tensor = {"name": "m", "shape": [rows, 2], "datatype": "FP32", "data": [1.0] * 2 * rows}
        body = json.dumps({"id": request, "inputs": [tensor]})
        until = time.monotonic() + _GIVE_UP_SECONDS
        while time.monotonic() < until:
            yield from (f"sent {name}" for name in names)
            answer = self._ask(body)
            if answer is None:
                time.sleep(0.01)
                continue
            status, said = answer
            if status != 200 or said["parameters"]["prediction_ids"] != names:
                yield f"odd {request} {status} {json.dumps(said)}"
                if status >= 500:
                    time.sleep(0.05)
                    continue
                return
            values = said["outputs"][0]["data"]
            if len(values) != rows or len(set(values)) != 1:
                yield f"odd {request} mixed {json.dumps(said)}"
            yield from (f"told {name} {said['model_version']} {values[0]}" for name in names)
            return
        yield f"odd {request} unanswered"

    def _ask(self, body: str) -> tuple[int, dict] | None:
        """The status and the answer; None when the connection broke before it was whole."""
        try:
            if self._connection is None:
                self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
            self._connection.request("POST", self._path, body, {"Content-Type": "application/json"})
            response = self._connection.getresponse()
            return response.status, json.loads(response.read())
        except (OSError, http.client.HTTPException, ValueError):
            if self._connection is not None:
                self._connection.close()
            self._connection = None
            return None


def main(argv: list[str] | None = None) -> None:
    """Ask until stdin ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("endpoint")
    parser.add_argument("folder", type=Path)
    parser.add_argument("ports", type=int, nargs="+")
    parser.add_argument("--clients", type=int, default=4)
    given = parser.parse_args(argv)
    stop = threading.Event()
    clients = [
        Client(number, given.endpoint, given.folder, port, stop)
        for port in given.ports
        for number in range(given.clients)
    ]
    for client in clients:
        client.start()
    sys.stdin.read()
    stop.set()
    for client in clients:
        client.join()


if __name__ == "__main__":
    main()
