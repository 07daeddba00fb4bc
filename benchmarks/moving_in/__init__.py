"""Taking over the export of another program."""
