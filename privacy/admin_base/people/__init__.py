"""Everything about one person, from all apps, on one page and on a card (ADR 58)."""
