"""Living a stretch of history again: the rows of a loop's source as requests, their labels when they became known."""
