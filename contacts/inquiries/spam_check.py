"""Spam detection. No message is dropped: a suspicious one is held for review by staff.

One sign is enough only for a filled-in honeypot, many links, or a look-alike address: people with a password manager
are fast, and people send links.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, timedelta

from django.core import signing

MINIMUM = timedelta(seconds=3)  # nobody fills in the form faster manually
LONGEST = timedelta(days=1)  # after that the stamp says nothing
MANY_LINKS = 3
MANY_LINKS_IN_A_MAIL = 10
ENOUGH = 2  # points

_LINK = re.compile(r"https?://|www\.|\[url|<a\s", re.IGNORECASE)
_SALT = "contacts.form"


def new_stamp(now: datetime) -> str:
    """A signed timestamp of when the form was opened, sent with the form."""
    return signing.dumps(now.timestamp(), salt=_SALT)


def mail_looks_like_spam(*, texts: list[str], email: str) -> bool:
    """Signatures of honest mails link to a site, a map and three networks, so only many more links count."""
    return sum(len(_LINK.findall(text)) for text in texts) >= MANY_LINKS_IN_A_MAIL or mixes_scripts(email)


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
    """`exаmple.org` with a Cyrillic а in it: whether a label of the domain mixes scripts."""
    domain = unicodedata.normalize("NFKC", email).rpartition("@")[2]
    return any(len(_scripts(label)) > 1 for label in domain.split("."))


def _scripts(label: str) -> set[str]:
    """By the first word of each letter's Unicode name. Japanese legitimately mixes three scripts."""
    scripts = {unicodedata.name(letter, "?").split()[0] for letter in label if letter.isalpha()}
    return {"CJK" if script in {"CJK", "HIRAGANA", "KATAKANA"} else script for script in scripts}
