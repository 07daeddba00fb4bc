"""System checks (`manage.py check --deploy`)."""

from . import connections, database_log, production, replica  # noqa: F401  (registers them)
