"""git says whether the declaration is committed as it runs, and who reviewed it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from treadle.loop.proving.model_spec_submitted import ModelSpecSubmitted

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    _git(tmp_path, "init", "-q", "-b", "main")
    file = tmp_path / "loop.py"
    file.write_text("late = 1\n")
    return file


def _git(folder: Path, *arguments: str, who: str = "Ada") -> None:
    me = ["-c", f"user.name={who}", "-c", f"user.email={who.lower()}@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(folder), *me, *arguments], check=True, capture_output=True)


def _commit(file: Path, message: str = "Declare", who: str = "Ada") -> None:
    _git(file.parent, "add", file.name, who=who)
    _git(file.parent, "commit", "-q", "-m", message, who=who)


def _asked(file: Path) -> tuple[str, str]:
    bench: Any = SimpleNamespace(loop=SimpleNamespace(declared_at=SimpleNamespace(file=str(file))))
    verdict = ModelSpecSubmitted().run(bench)
    return verdict.status, verdict.summary


def test_a_file_outside_version_control_fails(spec: Path) -> None:
    assert _asked(spec) == ("failed", "loop.py is not in version control.")


def test_a_change_that_is_not_committed_fails(spec: Path) -> None:
    _commit(spec, "Declare\n\nReviewed-by: Grace <grace@example.org>")
    spec.write_text("late = 2\n")
    assert _asked(spec)[1] == "loop.py differs from what is committed."


def test_a_commit_nobody_reviewed_fails(spec: Path) -> None:
    _commit(spec)
    status, said = _asked(spec)
    assert status == "failed"
    assert "nobody else's review" in said


def test_one_cannot_review_oneself(spec: Path) -> None:
    _commit(spec, "Declare\n\nReviewed-by: Ada <ada@example.org>")
    assert _asked(spec)[0] == "failed"


@pytest.mark.parametrize("trailer", ["Reviewed-by", "Approved-by", "Acked-by"])
def test_a_reviewed_commit_passes(spec: Path, trailer: str) -> None:
    _commit(spec, f"Declare\n\n{trailer}: Grace Hopper <grace@example.org>")
    status, said = _asked(spec)
    assert status == "passed"
    assert "reviewed by Grace Hopper" in said


def test_a_merge_by_another_person_is_a_review(spec: Path) -> None:
    (spec.parent / "README").write_text("x")
    _git(spec.parent, "add", "README")
    _git(spec.parent, "commit", "-q", "-m", "Begin")
    _git(spec.parent, "checkout", "-q", "-b", "change")
    _commit(spec)
    _git(spec.parent, "checkout", "-q", "main")
    _git(spec.parent, "merge", "-q", "--no-ff", "-m", "Merge", "change", who="Grace")
    assert _asked(spec)[0] == "passed"


def _begun(folder: Path) -> None:
    (folder / "README").write_text("x")
    _git(folder, "add", "README")
    _git(folder, "commit", "-q", "-m", "Begin")


def _changed_readme(folder: Path, who: str) -> None:
    (folder / "README").write_text("y")
    _git(folder, "commit", "-q", "-am", "Mend a typo", who=who)


def test_the_merge_of_something_else_is_no_review(spec: Path) -> None:
    folder = spec.parent
    _begun(folder)
    _git(folder, "branch", "docs")
    _commit(spec)  # straight to main
    _git(folder, "checkout", "-q", "docs")
    _changed_readme(folder, "Grace")
    _git(folder, "checkout", "-q", "main")
    _git(folder, "merge", "-q", "--no-ff", "-m", "Merge docs", "docs", who="Grace")
    assert _asked(spec)[0] == "failed"


def test_taking_main_into_a_branch_is_no_review(spec: Path) -> None:
    folder = spec.parent
    _begun(folder)
    _git(folder, "branch", "docs")
    _commit(spec)
    _git(folder, "checkout", "-q", "docs")
    _changed_readme(folder, "Grace")
    _git(folder, "merge", "-q", "-m", "Keep up with main", "main", who="Grace")
    _git(folder, "checkout", "-q", "main")
    _git(folder, "merge", "-q", "--no-ff", "-m", "Merge docs", "docs", who="Grace")
    assert _asked(spec)[0] == "failed"


def test_every_merge_a_change_came_in_by_counts(spec: Path) -> None:
    folder = spec.parent
    _begun(folder)
    _git(folder, "checkout", "-q", "-b", "develop")
    _git(folder, "checkout", "-q", "-b", "change")
    _commit(spec)
    _git(folder, "checkout", "-q", "develop")
    _git(folder, "merge", "-q", "--no-ff", "-m", "Merge", "change", who="Grace")
    _git(folder, "checkout", "-q", "main")
    _changed_readme(folder, "Alan")
    _git(folder, "merge", "-q", "--no-ff", "-m", "Release", "develop")  # by the author
    status, said = _asked(spec)
    assert status == "passed"
    assert said.endswith("reviewed by Grace.")
