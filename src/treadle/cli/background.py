"""A server in a process of its own that ends with this one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from treadle.errors import Unavailable


class Background:
    """`treadle up` for the project in `folder`; `port` None means the usual one, or a free one where that is taken."""

    def __init__(self, folder: Path, port: int | None = None, *, controller: bool = True) -> None:
        self._folder = folder
        self._port = port
        self._more = [] if controller else ["--no-controller"]
        self._log = folder / ".treadle" / "server.log"
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> str:
        """Start it and return its address; raises `Unavailable` with what it said when it does not come up."""
        first = self._try(self._port)
        if self._port is None and first.get("error", {}).get("kind") == "Unavailable":
            first = self._try(0)
        if "server" in first:
            return first["server"]
        said = first.get("error", {})
        raise Unavailable(
            f"The server did not start: {said.get('message') or 'it ended at once.'}",
            mend=f"What it wrote is in {self._log}.",
        )

    def wait(self) -> None:
        """Until it ends by itself."""
        if self._process is not None:
            self._process.wait()

    def stop(self) -> None:
        """End it, and wait until it is gone."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _try(self, port: int | None) -> dict[str, Any]:
        """Start one and read the one document it prints when it is ready, or when it is not to be."""
        command = [
            sys.executable,
            "-m",
            "treadle.cli",
            "-C",
            str(self._folder),
            "up",
            "--json",
            "--with-parent",
            *self._more,
        ]
        command += [] if port is None else ["--port", str(port)]
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("a", encoding="utf-8") as log:
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True)
        self._process = process
        said = ""
        assert process.stdout is not None
        for line in process.stdout:
            said += line
            try:
                return json.loads(said)
            except ValueError:
                continue  # the document is not whole yet
        self.stop()
        return {}
