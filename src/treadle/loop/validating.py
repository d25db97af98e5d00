"""Validate: compare each dataset version with what is expected of it, before anything learns from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.errors import Refused
from treadle.evidence import Subject
from treadle.loop.plan import check_types
from treadle.loop.turned import Ingest, Validation
from treadle.statistics import profile
from treadle.validation import DatasetContext, infer_schema, standard_checks

if TYPE_CHECKING:
    from treadle.datasets import DatasetVersion, Engine, Source
    from treadle.evidence import Evidence, Ledger
    from treadle.loop.declaration import Loop
    from treadle.validation import Schemas
