"""What makes a message look like spam. Nothing is dropped for it: a suspicious message is held until staff have looked.

No sign is enough by itself except a filled-in trap, many links, or an address made to be mistaken for another: people
with a password manager are quick, and people send links.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, timedelta

from django.core import signing

MINIMUM = timedelta(seconds=3)  # nobody reads and fills in the form faster by hand
LONGEST = timedelta(days=1)  # a form left open longer says nothing any more
MANY_LINKS = 3
ENOUGH = 2  # points

_LINK = re.compile(r"https?://|www\.|\[url|<a\s", re.IGNORECASE)
_SALT = "contacts.form"


def new_stamp(now: datetime) -> str:
    """Goes along in the form: when it was opened, signed."""
    return signing.dumps(now.timestamp(), salt=_SALT)


def looks_like_spam(*, texts: list[str], email: str, trap: bool, stamp: str, now: datetime) -> bool:
    links = sum(len(_LINK.findall(text)) for text in texts)
    points = 2 * trap + 2 * (links >= MANY_LINKS) + 2 * mixes_scripts(email)
    points += (0 < links < MANY_LINKS) + (not _took_its_time(stamp, now))
    return points >= ENOUGH


def _took_its_time(stamp: str, now: datetime) -> bool:
    try:
        opened = float(signing.loads(stamp, salt=_SALT))
    except (signing.BadSignature, ValueError, TypeError):
        return False
    return MINIMUM <= timedelta(seconds=now.timestamp() - opened) <= LONGEST


def mixes_scripts(email: str) -> bool:
    """`exаmple.org` with a Cyrillic а in it: some label of the domain is written in more than one script."""
    domain = unicodedata.normalize("NFKC", email).rpartition("@")[2]
    return any(len(_scripts(label)) > 1 for label in domain.split("."))


def _scripts(label: str) -> set[str]:
    """By the first word of each letter's Unicode name. Japanese mixes three scripts by right."""
    scripts = {unicodedata.name(letter, "?").split()[0] for letter in label if letter.isalpha()}
    return {"CJK" if script in {"CJK", "HIRAGANA", "KATAKANA"} else script for script in scripts}
