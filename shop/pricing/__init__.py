"""How amounts of money are typed, and what asks before a price changes."""
