"""Routes of the pages: gather a view, render its template."""
