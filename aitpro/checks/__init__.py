"""System checks (`manage.py check --deploy`)."""

from . import connections, production  # noqa: F401  (registers them)
