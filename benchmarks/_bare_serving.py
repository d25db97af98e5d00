"""The physical limit of serving one row: an ASGI app that parses, runs the model and answers, and does nothing else."""

from __future__ import annotations

import os
from typing import Any

import msgspec
import numpy as np
import onnxruntime

_options = onnxruntime.SessionOptions()
_options.intra_op_num_threads = 1
_options.inter_op_num_threads = 1
_session = onnxruntime.InferenceSession(os.environ["MODEL"], _options)
_input = _session.get_inputs()[0].name
_outputs = [_session.get_outputs()[-1].name]
_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode
_START = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]}


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answer `{"inputs": [[…]]}` with `{"predictions": [[…]]}`."""
    if scope["type"] == "lifespan":
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    rows = np.array(_decode(body)["inputs"], dtype=np.float32)
    scores = _session.run(_outputs, {_input: rows})[0]
    await send(_START)
    await send({"type": "http.response.body", "body": b'{"predictions":' + _encode(scores.tolist()) + b"}"})
