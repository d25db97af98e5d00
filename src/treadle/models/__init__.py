"""A model as a file: signature, formats, parity with the original, and a session that answers.

```python
package = Packager(store).package(pipeline, Signature.of(rows, ["distance", "dest"], task="binary", label="late"), rows)
with closing(ModelStore(store).open(package.digest)) as session:
    session.predict({"distance": np.array([1400.0]), "dest": np.array(["IAH"])}).labels
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.doors import door

if TYPE_CHECKING:
    from treadle.models.arrow import columns_of
    from treadle.models.columns import frame_of, prepare
    from treadle.models.field import Field
    from treadle.models.inside import tree_inputs
    from treadle.models.package import Feed, Package, Parity
    from treadle.models.packager import Packager
    from treadle.models.prediction import Prediction
    from treadle.models.signature import Signature, Task
    from treadle.models.store import ModelStore, Session
    from treadle.models.trust import Trust

__all__ = [
    "Feed",
    "Field",
    "ModelStore",
    "Package",
    "Packager",
    "Parity",
    "Prediction",
    "Session",
    "Signature",
    "Task",
    "Trust",
    "columns_of",
    "frame_of",
    "prepare",
    "tree_inputs",
]

__getattr__ = door(
    __name__,
    {
        "Feed": "package",
        "Field": "field",
        "ModelStore": "store",
        "Package": "package",
        "Packager": "packager",
        "Parity": "package",
        "Prediction": "prediction",
        "Session": "store",
        "Signature": "signature",
        "Task": "signature",
        "Trust": "trust",
        "columns_of": "arrow",
        "frame_of": "columns",
        "prepare": "columns",
        "tree_inputs": "inside",
    },
)
