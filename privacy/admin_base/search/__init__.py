"""Searching as staff do: whatever was pasted, across all apps (ADR 58)."""
