"""What an e-mail address may look like: the one rule for every form, every column and the envelope of every mail.

`email-validator` knows the rules (RFC 5321, 5322 and 6531, IDNA 2008, the reserved domains of RFC 6761); no name server
is asked. Letters beyond ASCII before the @ are accepted. Quoted parts, address literals and display names are not:
nobody types them on a website, and other programs read them differently.
"""

from __future__ import annotations

import re

import email_validator
from django.core.exceptions import ValidationError

LONGEST = 254  # characters, RFC 5321
_DETAIL_FOR_PROGRAMMERS = re.compile(r" \([^()]*\)(?=\.?$)")


def validate_address(value: str) -> None:
    """Raises `ValidationError`, which says in plain words what is wrong with the address."""
    if len(value) > LONGEST:  # not worth a closer look, which takes time
        raise ValidationError(f"Enter a valid email address. It has at most {LONGEST} characters.", code="invalid")
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


def _plain(error: Exception) -> str:
    return _DETAIL_FOR_PROGRAMMERS.sub("", str(error)).replace("@-sign", "@")
