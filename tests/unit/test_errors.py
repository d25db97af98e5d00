"""What a person is told."""

from __future__ import annotations

import inspect
import pickle

import pytest

from treadle import errors
from treadle.errors import DeclarationError, NotFound, TreadleError, suggest

CLASSES = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, TreadleError)]


@pytest.mark.parametrize("kind", CLASSES)
def test_every_meaning_is_one_of_ours_and_explains_itself(kind: type[TreadleError]) -> None:
    error = kind("It broke.", mend="Mend it.", field="name", where="loop.py:3")
    assert (error.message, error.mend, error.field, error.where) == ("It broke.", "Mend it.", "name", "loop.py:3")
    assert str(error) == "loop.py:3: It broke. Mend it."
    assert kind.__doc__


@pytest.mark.parametrize("kind", CLASSES)
def test_an_error_survives_a_process_border(kind: type[TreadleError]) -> None:
    error = kind("It broke.", mend="Mend it.", field="name", where="loop.py:3")
    back = pickle.loads(pickle.dumps(error))
    assert (type(back), str(back), back.field) == (kind, str(error), "name")


def test_an_error_can_be_short() -> None:
    assert str(TreadleError("It broke.")) == "It broke."


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    drawn = {line.split("── ")[1].split()[0] for line in (errors.__doc__ or "").splitlines() if "──" in line}
    assert drawn == {kind.__name__ for kind in CLASSES} - {"TreadleError"}
    assert DeclarationError.__mro__[1].__name__ == "InvalidInput"


@pytest.mark.parametrize(
    ("name", "known", "said"),
    [
        ("orign", ["origin", "dest"], "Did you mean 'origin'?"),
        ("zzz", ["origin", "dest", "dest"], "There are: 'dest', 'origin'."),
        ("x", [], "There are none yet."),
        ("zzz", [f"n{n}" for n in range(8)], "There are: 'n0', 'n1', 'n2', 'n3', 'n4', 'n5', 'n6', 'n7'."),
        ("zzz", [f"n{n}" for n in range(9)], "There are: 'n0', 'n1', 'n2', 'n3', 'n4', 'n5', 'n6', 'n7', …."),
    ],
)
def test_the_nearest_name_is_offered(name: str, known: list[str], said: str) -> None:
    assert suggest(name, known) == said


def test_what_is_not_found_names_itself() -> None:
    error = NotFound.among("model", "late-arival", ["late-arrival"], field="model")
    assert str(error) == "There is no model named 'late-arival'. Did you mean 'late-arrival'?"
    assert error.field == "model"
