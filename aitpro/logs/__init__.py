"""The log: one line per event, with the request, task or round that it belongs to, and without anything personal."""
