"""Email address validation: one rule for every form, every column and the envelope of every mail.

`email-validator` implements the RFCs (5321, 5322 and 6531, IDNA 2008, the reserved domains of RFC 6761), without DNS
lookups. Non-ASCII letters before the @ are accepted. Quoted parts, address literals and display names are not: nobody
types them on a website, and programs interpret them differently.
"""

from __future__ import annotations

import re
import unicodedata

import email_validator
from django.core.exceptions import ValidationError

LONGEST = 254  # characters, RFC 5321
_DETAIL_FOR_PROGRAMMERS = re.compile(r" \([^()]*\)(?=\.?$)")


def validate_address(value: str) -> None:
    """Raises `ValidationError` with a message in plain words."""
    if len(value) > LONGEST:  # skip the slow validation
        raise ValidationError(f"Enter a valid email address. It has at most {LONGEST} characters.", code="invalid")
    _refuse_letters_that_become_ascii(value.rpartition("@")[0])
    try:
        email_validator.validate_email(
            value,
            check_deliverability=False,
            allow_smtputf8=True,
            allow_quoted_local=False,
            allow_domain_literal=False,
            allow_display_name=False,
            test_environment=False,
        )
    except email_validator.EmailNotValidError as error:
        raise ValidationError(f"Enter a valid email address. {_plain(error)}", code="invalid") from None


def _refuse_letters_that_become_ascii(local: str) -> None:
    """Rejects the long s, the dotless i and the Kelvin sign: a mail server that changes case or normalizes Unicode
    would deliver to another mailbox, that of s, i or k."""
    for letter in local:
        changed = {letter.upper(), letter.lower(), unicodedata.normalize("NFC", letter)}
        if not letter.isascii() and (ascii_ones := [c for c in changed if len(c) == 1 and c.isascii()]):
            raise ValidationError(
                f"Enter a valid email address. “{letter}” ({unicodedata.name(letter).lower()}) is not supported;"
                f" did you mean “{ascii_ones[0].lower()}”?",
                code="invalid",
            )


def _plain(error: Exception) -> str:
    return _DETAIL_FOR_PROGRAMMERS.sub("", str(error)).replace("@-sign", "@")
