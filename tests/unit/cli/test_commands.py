"""Every command on one real project, by its documented JSON."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from treadle.cli import app

DOCUMENTED = (Path(__file__).parents[3] / "docs" / "reference" / "json.md").read_text("utf-8")


def keys(noun: str) -> set[str]:
    """The keys of a noun as the reference lists them (without those of inner objects)."""
    row = re.search(rf"^\| {noun} \| (.*) \|$", DOCUMENTED, re.MULTILINE)
    assert row is not None, noun
    return set(re.findall(r"`(\w+)`", re.sub(r"\([^)]*\)", "", row[1])))


def test_every_command_is_in_the_reference():
    for group in app.app.registered_groups:
        assert group.typer_instance is not None
        for command in group.typer_instance.registered_commands:
            name = command.name or command.callback.__name__  # type: ignore[union-attr]
            assert f"`{group.name} {name}`" in DOCUMENTED, f"{group.name} {name}"
    for command in app.app.registered_commands:
        assert f"`{command.name}`" in DOCUMENTED or command.name in ("up", "serve", "server")


def test_run_again_reuses_and_registers_nothing_new(project, call):
    code, told = call(project, "run")
    assert code == 0
    (turn,) = told["turns"]
    assert turn["loop"] == "late-orders"
    assert turn["version"]["version"] == 1
    assert turn["version"].keys() == keys("model version")
    assert turn["execution"].keys() == keys("execution")
    assert "cached" in {step["status"] for step in turn["execution"]["steps"]}
    assert all(gate.keys() == keys("evidence") for gate in turn["gates"])


def test_status(project, call):
    code, told = call(project, "status")
    assert code == 0
    assert told["loops"] == [{"name": "late-orders", "task": "binary", "champion": 1, "latest": 1, "endpoint": 1}]
    assert told["datasets"][0]["rows"] == 2_400
    assert told["evidence"] > 5
    assert told["loop_error"] == ""


def test_data_commands(project, call, tmp_path):
    (listed,) = call(project, "data", "list")[1]["datasets"]
    assert listed.keys() == keys("dataset version")
    (ingested,) = call(project, "data", "ingest")[1]["ingested"]
    assert (ingested["new"], ingested["rows_added"], ingested["version"]) == (False, 0, 1)
    assert [v["version"] for v in call(project, "data", "history", "orders")[1]["versions"]] == [1]
    same = call(project, "data", "diff", "orders@1", "orders@1")[1]["diff"]
    assert (same["added"], same["removed"], same["changed"]) == (0, 0, 0)
    out = tmp_path / "then.csv"
    at = call(project, "data", "at", "orders", "2999-01-01", "--out", out)[1]
    assert at["version"]["fingerprint"] == listed["fingerprint"]
    assert out.read_text().count("\n") == 2_401
    columns = {c["name"]: c for c in call(project, "data", "profile", "orders")[1]["statistics"]["columns"]}
    assert columns["items"]["min"] == 1
    code, validated = call(project, "data", "validate")
    assert code == 0
    assert {e["status"] for e in validated["evidence"]} <= {"passed", "skipped"}


def test_feature_commands(project, call):
    (view,) = call(project, "features", "list")[1]["views"]
    assert (view["name"], view["entity"]) == ("shop_delay", ["shop"])
    (made,) = call(project, "features", "materialize", "--until", "2999-01-01")[1]["materialized"]
    assert made["entities"] == 6
    got = call(project, "features", "get", "shop_delay", "shop=mill")[1]
    assert got["entity"] == {"shop": "mill"}
    assert got["features"].keys() == {"shop_delay__late_mean_1d", "shop_delay__late_mean_7d", "shop_delay__count_1d"}


def test_run_commands(project, call):
    runs = call(project, "runs", "list", "--order-by", "metrics.roc_auc desc")[1]["runs"]
    assert {run["name"] for run in runs} >= {"logistic_regression", "hist_gradient_boosting_classifier", "baseline"}
    assert runs[0].keys() == keys("run")
    scores = [run["metrics"]["roc_auc"] for run in runs]
    assert scores == sorted(scores, reverse=True)
    assert call(project, "runs", "show", runs[0]["id"])[1]["run"] == runs[0]
    compared = call(project, "runs", "compare", runs[0]["id"], runs[-1]["id"])[1]
    assert compared["differences"]["metrics"]["roc_auc"] == [scores[0], scores[-1]]
    found = call(project, "runs", "executions", "--status", "succeeded")[1]["executions"]
    assert found[0].keys() == keys("execution")
    assert call(project, "runs", "execution", found[0]["id"])[1]["execution"] == found[0]
    assert call(project, "runs", "logs", found[-1]["id"], "train")[1]["step"] == "train"


def test_model_commands(project, call):
    (model,) = call(project, "models", "list")[1]["models"]
    assert model.keys() == keys("model")
    (version,) = call(project, "models", "versions", "late-orders")[1]["versions"]
    assert version.keys() == keys("model version")
    shown = call(project, "models", "show", "late-orders@champion")[1]
    assert shown["gates"] == {"passed": True, "failed": [], "missing": []}
    assert shown["history"][0].keys() == keys("promotion")
    again = call(project, "models", "promote", "late-orders@1", "--why", "again")[1]
    assert (again["promotion"]["to_version"], again["endpoint"]) == (1, 1)
    code, refused = call(project, "models", "rollback", "late-orders", "--why", "no reason")
    assert (code, refused["error"]["kind"]) == (5, "Conflict")
    card = call(project, "models", "card", "late-orders@1")[1]
    assert card["markdown"].startswith("# Model card: late-orders@1")


def test_a_model_trained_elsewhere_is_registered_promoted_and_then_served(project, call, tmp_path):
    import csv

    import numpy as np
    from skl2onnx import to_onnx
    from sklearn.linear_model import LogisticRegression

    with (project / "data" / "orders.csv").open(newline="") as file:
        rows = [(float(r["distance_km"]), float(r["items"]), int(r["late"] == "true")) for r in csv.DictReader(file)]
    X, y = np.array([r[:2] for r in rows], np.float32), np.array([r[2] for r in rows])
    onnx = to_onnx(LogisticRegression().fit(X[:1800], y[:1800]), X[:1], options={"zipmap": False})
    (tmp_path / "by-hand.onnx").write_bytes(onnx.SerializeToString())
    held_out = "\n".join(f"{a},{b},{c}" for a, b, c in rows[1800:])
    (tmp_path / "held-out.csv").write_text(f"distance_km,items,late\n{held_out}\n")
    about = ["--task", "binary", "--data", tmp_path / "held-out.csv", "--label", "late"]
    code, told = call(project, "models", "register", "by-hand", tmp_path / "by-hand.onnx", *about)
    assert code == 0, told
    assert told["version"]["model"] == "by-hand"
    assert told["version"]["aliases"] == []
    assert [e["name"] for e in call(project, "status")[1]["loops"] if e["endpoint"]] == ["late-orders"]
    code, told = call(
        project, "models", "promote", "by-hand@1", "--why", "trusted", "--override", "it has no gates of its own"
    )
    assert (code, told["endpoint"]) == (0, 1)


def test_check_and_audit_commands(project, call, tmp_path):
    found = call(project, "checks", "list", "--subject", "late-orders@1", "--stage", "candidate")[1]["evidence"]
    assert {e["subject"]["id"] for e in found} == {"late-orders@1"}
    assert found[0].keys() == keys("evidence")
    assert call(project, "checks", "show", found[0]["id"])[1]["evidence"] == found[0]
    code, verified = call(project, "audit", "verify")
    assert (code, verified["ok"], verified["broken"]) == (0, True, [])
    checkpoint = call(project, "audit", "checkpoint")[1]["checkpoint"]
    (tmp_path / "anchor.txt").write_text(checkpoint + "\n")
    assert call(project, "audit", "verify", "--anchor", tmp_path / "anchor.txt")[0] == 0
    listed = call(project, "audit", "list", "--limit", 3)[1]["evidence"]
    assert [e["sequence"] for e in listed] == sorted((e["sequence"] for e in listed), reverse=True)


def test_token_commands(project, call):
    issued = call(project, "tokens", "issue", "ci", "--role", "editor", "--environment", "staging", "--expires", "90d")[
        1
    ]
    (listed,) = call(project, "tokens", "list")[1]["tokens"]
    assert (listed["id"], listed["principal"], listed["role"], listed["environment"]) == (
        issued["id"],
        "ci",
        "editor",
        "staging",
    )
    assert issued["token"].split(".")[2] not in str(listed)
    assert call(project, "tokens", "revoke", issued["token"])[1] == {"revoked": issued["id"]}
    assert call(project, "tokens", "list")[1]["tokens"][0]["revoked_at"] is not None
    assert call(project, "tokens", "revoke", "nothing")[0] == 3
    assert call(project, "tokens", "issue", "ci", "--expires", "soon")[0] == 2


def test_doctor(project, call):
    _, told = call(project, "doctor")
    names = {finding["name"] for finding in told["findings"]}
    assert {"Python", "packages", "disk", "database", "state folder", "server port", "processes"} <= names
    assert all(finding.keys() == {"name", "status", "summary", "mend"} for finding in told["findings"])


@pytest.mark.parametrize(
    "argv",
    [
        ["status"], ["data", "list"], ["data", "history", "orders"], ["data", "profile", "orders"], ["data", "diff", "orders@1"],
        ["data", "at", "orders", "2999-01-01"], ["data", "ingest"], ["data", "validate"], ["features", "list"],
        ["features", "get", "shop_delay", "shop=mill"], ["features", "materialize", "--until", "2999-01-01"], ["runs", "list"],
        ["runs", "executions"], ["models", "list"], ["models", "versions", "late-orders"], ["models", "show", "late-orders"],
        ["models", "card", "late-orders"], ["checks", "list"], ["audit", "verify"], ["audit", "list"], ["audit", "checkpoint"],
        ["run"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_what_people_read_is_text_without_colour_or_trace(project, argv, capsys):
    assert app.call(["-C", str(project), *argv]) == 0
    shown = capsys.readouterr()
    assert shown.out.strip()
    assert "\x1b[" not in shown.out + shown.err
    assert "Traceback" not in shown.err


def test_names_are_completed(project, monkeypatch):
    from treadle.cli import complete

    monkeypatch.setenv("TREADLE_ROOT", str(project))
    assert complete.models("late") == ["late-orders"]
    assert complete.datasets("") == ["orders"]
    assert complete.views("shop") == ["shop_delay"]
    assert complete.loops("x") == []
    assert len(complete.executions("")) >= 1


def test_completion_never_fails(tmp_path, monkeypatch):
    from treadle.cli import complete

    (tmp_path / "treadle.toml").write_text("[nonsense")
    monkeypatch.setenv("TREADLE_ROOT", str(tmp_path))
    assert complete.models("") == complete.loops("") == complete.views("") == []
