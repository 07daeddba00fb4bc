"""Clicks against a bare page that stores as much, and what the purge costs them."""
