"""What the rehearsal tries with correspondence."""

from . import writing  # noqa: F401  (importing registers them)
