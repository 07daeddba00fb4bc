"""What the rehearsal tries with accounts."""

from . import staff  # noqa: F401  (importing registers them)
