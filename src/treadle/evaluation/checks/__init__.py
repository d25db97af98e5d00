"""The questions a candidate has to answer before it may be released; one file for each family."""
