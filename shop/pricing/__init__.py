"""Form fields for amounts of money, and the confirmation of large price changes."""
