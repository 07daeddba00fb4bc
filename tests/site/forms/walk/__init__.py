"""The generated walk: every address of the site, with bad input of every kind, by everybody."""
