"""Sessions, stored under a keyed hash: their lifetimes and how they end."""
