"""What the rehearsal tries with people's rights, and where it searches.

- `stores`: tables and files
"""

from . import stores  # noqa: F401  (importing registers them)
