"""The explicit way out: pickle, for values that have no safe format, in steps whose author trusts them."""

from __future__ import annotations

from typing import Any


class Pickled:
    """A serializer that a step must name itself (`@step(serializer=Pickled())`); nothing is ever pickled by default.

    Reading a pickle runs code, so Treadle reads one only inside a run, for a step that depends on it; pages and commands refuse.

    >>> Pickled().load(Pickled().dump({1, 2})) == {1, 2}
    True
    """

    name = "pickle"

    def dump(self, value: Any) -> bytes:
        import cloudpickle

        return cloudpickle.dumps(value)

    def load(self, data: bytes) -> Any:
        import pickle

        return pickle.loads(data)
