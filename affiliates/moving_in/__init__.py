"""Moving in from another affiliate program: its affiliates, their links, and what they are owed."""
