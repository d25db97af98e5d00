"""A worker killed at any instant under load: what was answered is in its log, exactly once.

The client keeps its own log: an id is noted when its 200 has arrived whole. After every kill the worker is started again on the
same segments, whose torn tail it cuts off. At the end the two logs are compared.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from onnx import TensorProto, helper

from treadle.artifacts import ArtifactStore
from treadle.models import Feed, Field, Package, Signature
from treadle.serving import Endpoints, read_segments

KILLS = int(os.environ.get("TREADLE_TEST_KILLS", "12"))
CLIENTS = 4


def deployed(state: Path) -> Endpoints:
    graph = helper.make_graph(
        [helper.make_node("Softmax", ["x"], ["p"], axis=-1)],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 2])],
        [helper.make_tensor_value_info("p", TensorProto.FLOAT, [None, 2])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9).SerializeToString()
    store = ArtifactStore(state / "artifacts")
    signature = Signature((Field("a"), Field("b")), "binary", ("no", "yes"))
    package = Package(
        "onnx", signature, {"model": store.put(model)}, feeds=(Feed("x", "float", ("a", "b")),), output="p"
    )
    endpoints = Endpoints(state)
    endpoints.deploy("clf", 1, store.put(package.encode()))
    return endpoints


class Client(threading.Thread):
    """Sends request after request and notes what was answered; a connection that breaks is opened again."""

    def __init__(self, number: int, port: int, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self.number, self.port, self.stop = number, port, stop
        self.sent: list[str] = []
        self.answered: list[str] = []

    def run(self) -> None:
        connection: http.client.HTTPConnection | None = None
        count = 0
        while not self.stop.is_set():
            count += 1
            identifier = f"{self.number}-{count}"
            rows = 1 if count % 5 else 3  # now and then several rows, which go another way through the worker
            data = [float(count)] * 2 * rows
            tensor = {"name": "m", "shape": [rows, 2], "datatype": "FP32", "data": data}
            body = json.dumps({"id": identifier, "inputs": [tensor]})
            names = [identifier] if rows == 1 else [f"{identifier}.{row}" for row in range(rows)]
            self.sent.extend(names)
            try:
                if connection is None:
                    connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
                connection.request("POST", "/v2/models/clf/infer", body)
                response = connection.getresponse()
                answer = json.loads(response.read())
                assert response.status == 200, answer
                assert answer["parameters"]["prediction_ids"] == names
                self.answered.extend(names)
            except (OSError, http.client.HTTPException, json.JSONDecodeError):
                if connection is not None:
                    connection.close()
                connection = None
                time.sleep(0.01)


def start(state: Path, port: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "treadle.server.oip.worker", "--state", str(state), "--port", str(port)]
    process = subprocess.Popen(command)
    limit = time.monotonic() + 60
    while time.monotonic() < limit:
        assert process.poll() is None, "the worker did not start"
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return process
        except OSError:
            time.sleep(0.01)
    raise AssertionError("the worker did not start")


@pytest.mark.skipif(os.name == "nt", reason="kill -9 is of POSIX systems")
def test_what_was_answered_is_in_the_log_exactly_once(tmp_path: Path) -> None:
    endpoints = deployed(tmp_path)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    stop = threading.Event()
    clients = [Client(number, port, stop) for number in range(CLIENTS)]
    chance = random.Random(20130101)
    worker = start(tmp_path, port)
    try:
        for client in clients:
            client.start()
        for _ in range(KILLS):
            before = sum(len(client.answered) for client in clients)
            limit = time.monotonic() + 30
            while sum(len(client.answered) for client in clients) < before + 50 and time.monotonic() < limit:
                time.sleep(0.002)
            time.sleep(chance.uniform(0, 0.05))
            worker.send_signal(signal.SIGKILL)
            worker.wait()
            worker = start(tmp_path, port)
    finally:
        stop.set()
        for client in clients:
            client.join(30)
        worker.terminate()
        worker.wait(30)
    sent = {identifier for client in clients for identifier in client.sent}
    answered = [identifier for client in clients for identifier in client.answered]
    logged = Counter(record.id for record in read_segments(endpoints.log_folder("clf")))
    assert len(answered) >= KILLS * 50
    assert [identifier for identifier in answered if logged[identifier] != 1] == []
    assert [identifier for identifier, count in logged.items() if count > 1] == []
    assert set(logged) <= sent
