"""Static files: ours, and the chart bundle that vl-convert carries; each under an address that changes with its bytes."""

from __future__ import annotations

import gzip
import hashlib
import os
import threading
from functools import cache
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from treadle.errors import NotFound

router = APIRouter()

FOLDER = Path(__file__).parent / "static"
BUNDLE = "vega.js"
FOREVER = "public, max-age=31536000, immutable"
_MEDIA = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_making = threading.Lock()


@cache
def static_address(name: str) -> str:
    """The address of a static file."""
    if name == BUNDLE:
        return f"/static/{_bundle_version()}/{BUNDLE}"
    return f"/static/{hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()[:12]}/{name}"


@router.get("/static/{version}/{name}")
async def static(request: Request, version: str, name: str) -> Response:
    """One static file, compressed when the browser takes it."""
    del version  # only makes the address new when the bytes are
    if name == BUNDLE:
        packed = await run_in_threadpool(chart_bundle, request.app.state.workspace.config.state)
    elif name in {path.name for path in FOLDER.iterdir()}:
        packed = _packed(name)
    else:
        raise NotFound(f"There is no static file {name!r}.")
    headers = {"Cache-Control": FOREVER, "Vary": "Accept-Encoding"}
    media = _MEDIA[Path(name).suffix]
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(packed, media_type=media, headers={**headers, "Content-Encoding": "gzip"})
    return Response(gzip.decompress(packed), media_type=media, headers=headers)


@router.get("/favicon.ico")
def favicon() -> Response:
    """Browsers ask for it whatever the page says."""
    return Response((FOLDER / "icon.svg").read_bytes(), media_type="image/svg+xml", headers={"Cache-Control": FOREVER})


def chart_bundle(state: Path) -> bytes:
    """Vega, Vega-Lite and Vega-Embed as one gzipped script, made once (1.6 s) and kept in the state folder."""
    path = state / "cache" / f"vega-{_bundle_version()}.js.gz"
    with _making:
        if path.is_file():
            return path.read_bytes()
        import vl_convert

        script = vl_convert.javascript_bundle()  # type: ignore[reportCallIssue]
        packed = gzip.compress(script.encode(), 6, mtime=0)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            half = path.with_suffix(f".{os.getpid()}.half")
            half.write_bytes(packed)
            half.replace(path)
        except OSError:
            return packed  # a full or read-only disk costs a second at each start, not the charts
        return packed


@cache
def _bundle_version() -> str:
    from importlib.metadata import version

    return version("vl-convert-python")


@cache
def _packed(name: str) -> bytes:
    return gzip.compress((FOLDER / name).read_bytes(), 6, mtime=0)
