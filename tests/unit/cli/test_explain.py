"""`treadle explain` of predictions that a real endpoint answered."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from treadle.cli import app
from treadle.cli.exits import MISSING
from treadle.governance import Explanations
from treadle.serving import DataPlane
from treadle.workspace import Workspace


@pytest.fixture(scope="module")
def answered(project: Path) -> str:
    """The id of a prediction of the project's endpoint."""

    async def asked(opened: Workspace) -> str:
        plane = DataPlane(opened.config.state, worker="w1")
        await plane.start()
        try:
            name = opened.registry.models()[0].name
            signature = opened.models.load(opened.registry.get(name).digest).signature
            row = {each.name: ("x" if each.type == "string" else 1.0) for each in signature.inputs}
            body = json.dumps({"dataframe_records": [row]}).encode()
            return json.loads(await plane.invocations(name, body))["prediction_ids"][0]
        finally:
            await plane.close()

    with Workspace.open(project) as opened:
        return asyncio.run(asked(opened))


def test_it_is_explained_as_a_document(call: Callable[..., tuple[int, Any]], project: Path, answered: str) -> None:
    code, document = call(project, "explain", answered)
    assert code == 0
    assert (document["id"], document["version"]) == (answered, 1)
    assert document["replay"]["identical"] is True
    assert document["making"]["data"][0]["here"] is True


def test_it_is_told_to_a_person(project: Path, answered: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.call(["-C", str(project), "explain", answered, "--all"]) == 0
    told = capsys.readouterr().out
    for part in ("the same answer, equal to the last bit", "no label yet", "Base ", "learned from", "Promotion "):
        assert part in told


def test_an_unknown_one_is_not_found(project: Path, answered: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.call(["-C", str(project), "explain", "nope"]) == MISSING
    assert "There is no prediction 'nope'" in capsys.readouterr().err


def test_what_people_wrote_is_shown_as_it_is(
    project: Path, answered: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Workspace.open(project) as opened:
        found = opened.explanations.explain(answered)
    odd = "[/b] it was [red]time[/]"
    moves = tuple(replace(each, why=odd, override=odd, by=odd) for each in found.admitted)
    odd_found = replace(
        found, admitted=moves, missing=(odd,), contribution=replace(found.contribution, method="", note=odd)
    )
    monkeypatch.setattr(Explanations, "explain", lambda *_: odd_found)
    assert app.call(["-C", str(project), "explain", answered]) == 0
    assert capsys.readouterr().out.count("[/b]") == 3 * len(moves) + 2
