"""The nightly work that proves the promises, and its effect on pages."""
