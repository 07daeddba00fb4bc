"""Tracking: who follows an affiliate's link, and what is stored about it."""
