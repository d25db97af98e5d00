"""The program behind the wall: opens one pickled estimator and answers rows until its input ends."""

from __future__ import annotations

import os
import pickle
import sys
from typing import Any, BinaryIO

from treadle.models.messages import pack_array, read_message, unpack_array, write_message
from treadle.models.original import Original
from treadle.models.package import Package


def main() -> None:
    """Read the model, then rows; write answers. What user code prints goes to the error stream, not between the messages."""
    replies: BinaryIO = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    questions = sys.stdin.buffer
    first = read_message(questions)
    if first is None:
        return
    try:
        package = Package.decode(first["manifest"])
        original = Original.of(pickle.loads(first["model"]), package.signature)
    except Exception as error:  # noqa: BLE001 - a pickle may raise anything; the server says it
        write_message(replies, {"error": _told(error)})
        return
    write_message(replies, {"ready": True})
    while (question := read_message(questions)) is not None:
        write_message(replies, _answer(original, question))


def _answer(original: Original, question: dict[str, Any]) -> dict[str, Any]:
    try:
        columns = {name: unpack_array(values) for name, values in question["columns"].items()}
        prediction, positions = original.predict_positions(columns)
    except Exception as error:  # noqa: BLE001 - an estimator may raise anything; the server says it
        return {"error": _told(error)}
    return {"answer": pack_array(prediction), "labels": pack_array(positions)}


def _told(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:300]}".rstrip(".") if lines else type(error).__name__


if __name__ == "__main__":
    main()
