"""Pages during a flood of wrong passwords."""
