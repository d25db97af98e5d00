"""Is what declares the model reviewed and in version control?"""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from treadle.evidence import Verdict
from treadle.loop.proving.project_check import ProjectCheck

if TYPE_CHECKING:
    from treadle.loop.proving.bench import Bench

_SECONDS = 10
_REVIEWED = "%(trailers:key=Reviewed-by,key=Approved-by,key=Acked-by,valueonly,separator=%x1f)"
_FORMAT = "%x00".join(("%H", "%ae", "%an", _REVIEWED))


@dataclass(frozen=True)
class ModelSpecSubmitted(ProjectCheck):
    """Is the file that declares the loop committed to git as it runs now, and reviewed by somebody else?

    A review is a `Reviewed-by`, `Approved-by` or `Acked-by` trailer that names another person than the author, or a merge of
    the change by another person. Where reviews happen elsewhere, attest them.
    """

    def run(self, context: Bench) -> Verdict:
        """Ask git about the file."""
        file = Path(context.loop.declared_at.file)
        if shutil.which("git") is None:
            return Verdict.skipped("git is not installed here.")
        if not file.is_file():
            return Verdict.skipped("The loop was not declared in a file.")
        if not _git(file, "ls-files", "--", file.name):
            return Verdict.of(False, summary=f"{file.name} is not in version control.", file=file.name)
        if _git(file, "status", "--porcelain", "--", file.name):
            return Verdict.of(False, summary=f"{file.name} differs from what is committed.", file=file.name)
        commit, email, author, trailers = _git(file, "log", "-1", f"--format={_FORMAT}", "--", file.name).split("\0")
        reviewers = [each.strip() for each in trailers.split("\x1f") if each.strip() and email not in each]
        reviewers += _mergers(file, commit, email)
        said = f"{file.name} is committed as it runs ({commit[:12]}, by {author})"
        if not reviewers:
            return Verdict.of(False, summary=f"{said}, but nobody else's review is on record.", commit=commit)
        names = ", ".join(each.partition("<")[0].strip() for each in dict.fromkeys(reviewers))
        return Verdict.of(True, summary=f"{said} and reviewed by {names}.", commit=commit, file=file.name)


def _mergers(file: Path, commit: str, email: str) -> list[str]:
    """Who else merged the commit, of the merges it came in by; a merge into what had it already is none of them."""
    said = _git(file, "log", "--ancestry-path", "--format=%H%x00%P%x00%ae%x00%an", f"{commit}..HEAD")
    after = {each: rest for each, *rest in (line.split("\0") for line in said.split("\n") if line)}
    at, found = next(iter(after), commit), list[str]()  # from HEAD down to the commit
    while at != commit:
        parents, who, name = after[at]
        first, *_ = parents = parents.split()
        at = next(parent for parent in parents if parent == commit or parent in after)
        if at != first and who and who != email:
            found.append(name)
    return found


def _git(file: Path, *arguments: str) -> str:
    """What git says in the file's folder; nothing where it refuses."""
    run = subprocess.run(
        ["git", "-C", str(file.parent), *arguments], capture_output=True, text=True, timeout=_SECONDS, check=False
    )
    return run.stdout.strip("\n") if run.returncode == 0 else ""
