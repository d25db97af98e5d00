from __future__ import annotations

import pytest

from treadle import errors
from treadle.cli import exits


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.Refused("no"), 1),
        (errors.StepFailed("no"), 1),
        (errors.InvalidInput("no"), 2),
        (errors.DeclarationError("no"), 2),
        (errors.NotFound("no"), 3),
        (errors.Unavailable("no"), 4),
        (errors.TimedOut("no"), 4),
        (errors.Conflict("no"), 5),
        (errors.Fenced("no"), 5),
        (errors.Forbidden("no"), 6),
        (errors.Unauthenticated("no"), 6),
        (errors.Corrupt("no"), 7),
        (errors.Cancelled("no"), 130),
        (KeyboardInterrupt(), 130),
        (ZeroDivisionError(), 70),
    ],
)
def test_every_error_has_its_code(error, code):
    assert exits.exit_code(error) == code


def test_no_class_of_errors_is_forgotten():
    classes = [
        kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.TreadleError)
    ]
    undecided = [
        k.__name__
        for k in classes
        if not {k, *k.__mro__[1:-3]} & exits.EXIT_CODES.keys() and k is not errors.TreadleError
    ]
    assert undecided == []


def test_what_the_system_refuses_is_said_in_words():
    full = exits.foreseen(OSError(28, "No space left on device", "/data/x"))
    assert isinstance(full, errors.Unavailable)
    assert "/data/x" in full.message
    assert "room" in full.mend
    assert exits.foreseen(RuntimeError("surprise")) is None


def test_a_crash_report_holds_the_trace_and_no_secret(tmp_path):
    try:
        raise RuntimeError("postgresql://ada:hunter2@host/db is odd")
    except RuntimeError as error:
        path = exits.report_crash(error, ["models", "promote", "--token", "abc123"], tmp_path)
    assert path is not None
    text = path.read_text()
    assert "RuntimeError" in text
    assert "test_exits.py" in text
    assert "hunter2" not in text
    assert "abc123" not in text


def test_a_crash_report_goes_elsewhere_when_its_folder_cannot_be_written(tmp_path, capsys):
    path = exits.report_crash(RuntimeError("x"), [], tmp_path / "missing")
    assert path is not None
    assert path.parent != tmp_path / "missing"
    path.unlink()
    assert "no crash report in" in capsys.readouterr().err


def test_crash_reports_do_not_pile_up(tmp_path):
    for number in range(exits.KEPT_REPORTS + 5):
        (tmp_path / f"treadle-crash-20200101-0000{number:02d}-1.txt").write_text("old")
    newest = exits.report_crash(RuntimeError("x"), [], tmp_path)
    left = sorted(tmp_path.iterdir())
    assert len(left) == exits.KEPT_REPORTS
    assert left[-1] == newest
