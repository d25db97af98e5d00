"""All 28 tests of the ML Test Score, in the order of the paper.

Source: E. Breck, S. Cai, E. Nielsen, M. Salib, D. Sculley, "The ML Test Score: A Rubric for ML Production Readiness and
Technical Debt Reduction", IEEE Big Data (2017).
"""

from __future__ import annotations

from treadle.readiness.rules.data import DATA
from treadle.readiness.rules.infrastructure import INFRASTRUCTURE
from treadle.readiness.rules.model import MODEL
from treadle.readiness.rules.monitoring import MONITORING

TESTS = (*DATA, *MODEL, *INFRASTRUCTURE, *MONITORING)
