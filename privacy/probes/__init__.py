"""What the rehearsal tries with people's rights, and where it searches.

- `stores`: tables and files; `pages`: every answer that anybody got; `mails`: every mail that left
- `archives`: what people get who ask for everything about them
"""

from . import archives, mails, pages, stores  # noqa: F401  (importing registers them, in this order within a stage)
