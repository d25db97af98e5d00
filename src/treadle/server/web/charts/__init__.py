"""Vega-Lite specifications: data in, a plain dictionary out; the page draws it in its own colours."""
