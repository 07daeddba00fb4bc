"""What the rehearsal tries with people's rights, and where it searches.

- `stores`: tables and files; `pages`: every answer that anybody got; `mails`: every mail that left
- `keys`: what opens something, and so is searched for with the words
- `archives`: what people get who ask for everything about them
- `doors`: what a thief can do with a stolen database, and a stranger with the addresses of others
"""

from . import archives, doors, mails, pages, stores  # noqa: F401  (importing registers them)
