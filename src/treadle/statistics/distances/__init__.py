"""Distances between two distributions: of counts over the same bins or categories, or of two arrays of values."""

from __future__ import annotations

# Not lazy: a function and its file share a name here, and only an import at once leaves the name to the function.
from treadle.statistics.distances.js import js
from treadle.statistics.distances.ks import KolmogorovSmirnov, ks, ks_binned
from treadle.statistics.distances.linf import linf
from treadle.statistics.distances.psi import psi
from treadle.statistics.distances.wasserstein import wasserstein, wasserstein_binned

__all__ = ["KolmogorovSmirnov", "js", "ks", "ks_binned", "linf", "psi", "wasserstein", "wasserstein_binned"]
