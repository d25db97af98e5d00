"""The filter language of run searches: words, syntax tree, SQL."""
