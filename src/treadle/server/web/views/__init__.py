"""What each page shows, gathered from the rooms' verbs into plain values; no request, no template."""
