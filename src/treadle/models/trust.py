"""Which Python packages may be unpickled here: those made by this project, and those somebody vouched for.

A pickle runs whatever it says when it is opened. Copying an artifact store copies bytes, not trust: the mark is a file on this
machine that only packaging here, or a person, writes.
"""

from __future__ import annotations

from pathlib import Path

from treadle.errors import Refused, Unavailable


class Trust:
    """The marks of trusted packages, one file each in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def grant(self, digest: str, why: str) -> None:
        """Trust the package with this digest from now on. Raises `Unavailable` when the mark cannot be written."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / digest).write_text(why, "utf-8")
        except OSError as error:
            raise Unavailable(
                f"The mark of trust for {digest[:12]}… cannot be written: {error.strerror}.",
                mend=f"Check {self.folder}.",
            ) from error

    def withdraw(self, digest: str) -> None:
        """Trust it no longer."""
        (self.folder / digest).unlink(missing_ok=True)

    def trusts(self, digest: str) -> bool:
        """Whether the package may be unpickled (in a process of its own)."""
        return (self.folder / digest).is_file()

    def require(self, digest: str) -> None:
        """Raises `Refused` for a package nobody vouched for."""
        if not self.trusts(digest):
            raise Refused(
                f"The model {digest[:12]}… is a pickled Python pipeline that was not made in this project; opening it would "
                "run whatever code it holds.",
                mend="If you know who made it, open it with trust_python=True, or export it to ONNX there.",
                field="package",
            )
