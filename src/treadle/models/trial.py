"""The first run of a model file nobody here made: in a process of its own, with a limit on time and memory.

A file can be valid and still ask for all the memory there is, or never end. That is found out before it is kept.
"""

from __future__ import annotations

import os
import subprocess
import sys

import msgspec
import numpy as np

from treadle.errors import InvalidInput, TreadleError, Unavailable
from treadle.models.package import Package

SECONDS = 60.0
MEMORY = 8 << 30


def try_apart(package: Package, model: bytes, *, seconds: float = SECONDS) -> None:
    """Answer one row in another process. Raises `InvalidInput` when the file fails, hangs or takes too much memory."""
    manifest = package.encode()
    question = len(manifest).to_bytes(8, "little") + manifest + model
    try:
        done = subprocess.run(
            [sys.executable, "-m", "treadle.models.trial"],
            input=question,
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise InvalidInput(
            f"The model did not answer one row within {seconds:.0f} seconds.",
            mend="Export a smaller model.",
            field="model",
        ) from None
    except OSError as error:
        raise Unavailable(f"No process can be started: {error.strerror}.", mend="Free some memory.") from error
    if done.returncode == 0 and done.stdout:
        said = msgspec.json.decode(done.stdout)
        if said["ok"]:
            return
        raise InvalidInput(said["message"], mend=said["mend"], field="model")
    raise InvalidInput(
        "The model crashed the runtime, or took too much memory, on its first row.",
        mend="Export it again, with the exporter's newest release.",
        field="model",
    )


def main() -> None:
    """Read manifest and model from standard input, answer a row of zeros and say how it went."""
    _limit_memory()
    data = sys.stdin.buffer.read()
    length = int.from_bytes(data[:8], "little")
    package = Package.decode(data[8 : 8 + length])
    said = {"ok": True, "message": "", "mend": ""}
    try:
        from treadle.models.session import OnnxSession

        session = OnnxSession(package, data[8 + length :])
        for rows in (1, 3):
            session.predict(
                {
                    field.name: np.full(rows, "", dtype=object) if field.type == "string" else np.zeros(rows)
                    for field in package.signature.inputs
                }
            )
    except TreadleError as error:
        made_up = isinstance(error, InvalidInput) and any(feed.kind == "string" for feed in package.feeds)
        if made_up and "alloc" not in error.message:  # a text nobody has seen in training may be refused
            sys.stdout.buffer.write(msgspec.json.encode(said))
            return
        said = {"ok": False, "message": error.message, "mend": error.mend}
    sys.stdout.buffer.write(msgspec.json.encode(said))


def _limit_memory() -> None:
    if os.name == "posix":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))


if __name__ == "__main__":
    main()
