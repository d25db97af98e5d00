"""Distances between two distributions: of counts over the same bins or categories, or of two arrays of values."""

from __future__ import annotations

# Not lazy: a function and its file share a name here, and only an import at once leaves the name to the function.
from treadle.statistics.distances.js import js as js
from treadle.statistics.distances.ks import KolmogorovSmirnov as KolmogorovSmirnov
from treadle.statistics.distances.ks import ks as ks
from treadle.statistics.distances.ks import ks_binned as ks_binned
from treadle.statistics.distances.linf import linf as linf
from treadle.statistics.distances.psi import psi as psi
from treadle.statistics.distances.wasserstein import wasserstein as wasserstein
from treadle.statistics.distances.wasserstein import wasserstein_binned as wasserstein_binned
