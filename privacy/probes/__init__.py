"""What the rehearsal tries with people's rights, and where it searches.

- `requests`, `disclosures`, `changes`: people ask for their rights, others for people's data, and the policy changes
- `stores`: tables and files; `pages`: every answer that anybody got; `mails`: every mail that left
- `keys`: what opens something, and so is searched for with the words
- `archives`: what people get who ask for everything about them
- `readings`: whether each reading of staff is in the audit
- `doors`: what a thief can do with a stolen database, and a stranger with the addresses of others
"""

from . import requests  # noqa: F401  (importing registers them, in this order within a stage)

# isort: split
from . import archives, audited_reads, changes, disclosures, mails, pages, stores, unauthorized_access  # noqa: F401
