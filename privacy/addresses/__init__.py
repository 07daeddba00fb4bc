"""E-mail addresses: what one may look like, which one is stored about a person, and indexes of an older normal form."""
