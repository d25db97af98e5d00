"""A project whose loop turns in a second or two: real files, a real learner, nothing staged."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

BEGIN = datetime(2013, 1, 1, tzinfo=UTC)
_LOOP = """
import treadle as td
from sklearn.linear_model import LogisticRegression
{code}

orders = td.Source(
    "orders", td.csv("data/orders*.csv"), id="order_id", time="at", created="known_at", known=["x", "z", "shop"]
)
loop = td.Loop(
    "tiny",
    source=orders,
    label=td.Label("late", task="binary", positive=True),
    features=["x", "z"],
    split=td.splits.Time(train=0.6, validation=0.2, test=0.2),
    train=[{train}],
    {more}
)
"""


def tiny_project(
    root: Path,
    *,
    train: str = "LogisticRegression()",
    code: str = "",
    more: str = "",
    settings: str = "",
    rows: int = 600,
) -> Path:
    """Write `treadle.toml`, `loop.py` and its rows below `root`; `train`, `code` and `more` are Python of the loop file."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "treadle.toml").write_text(f'[project]\nname = "tiny"\n{settings}\n')
    write_loop(root, train=train, code=code, more=more)
    write_rows(root, 1, rows)
    return root


def write_loop(root: Path, *, train: str = "LogisticRegression()", code: str = "", more: str = "") -> None:
    """Write (or change) the loop file."""
    (root / "loop.py").write_text(_LOOP.format(train=train, code=code, more=more))


def write_rows(
    root: Path,
    part: int,
    rows: int,
    *,
    begin: datetime = BEGIN,
    turned: float = 0.0,
    apart: float = 0.0,
    seed: int = 2013,
) -> None:
    """Write one file of labelled rows, one an hour from `begin`: late mostly where x > 0.

    A share of `turned` labels is wrong; x of the two shops lies `apart` above and below.
    """
    chance = random.Random(seed + part)
    (root / "data").mkdir(exist_ok=True)
    lines = ["order_id,at,known_at,x,z,shop,late"]
    for number in range(rows):
        at = begin + timedelta(hours=number)
        shop = "north" if number % 2 else "south"
        x, z = chance.gauss(apart if shop == "north" else -apart, 1), chance.gauss(0, 1)
        late = x + 0.3 * z + chance.gauss(0, 0.5) > 0
        late = late != (chance.random() < turned)
        known = at + timedelta(hours=1)
        lines.append(f"{part}-{number},{at.isoformat()},{known.isoformat()},{x:.4f},{z:.4f},{shop},{str(late).lower()}")
    (root / "data" / f"orders-{part:03d}.csv").write_text("\n".join(lines) + "\n")
