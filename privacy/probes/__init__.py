"""Probes of the privacy app.

- `requests`, `disclosures`, `changes`: privacy requests, disclosure orders, and policy changes
- `stores`: searches tables and files; `pages`: every response; `mails`: every sent mail
- `mail_texts`: staff, and others, edit the text of a mail
- `keys`: adds cookies and tokens to the words that are searched for
- `archives`: completeness of access archives
- `audited_reads`: whether every staff access is audited
- `unauthorized_access`: what a thief can do with a stolen database, and a stranger with other people's URLs
"""

from . import requests  # noqa: F401  (importing registers them, in this order within a stage)

# isort: split
from . import (  # noqa: F401
    archives,
    audited_reads,
    changes,
    disclosures,
    mail_texts,
    mails,
    pages,
    stores,
    unauthorized_access,
)
