"""One file for each kind of metric; `treadle.evaluation.catalog` lists them."""
