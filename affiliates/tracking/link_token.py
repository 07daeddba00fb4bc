"""The signed token of a visit with `AFFILIATE_CONSENT=link`: it rides in this site's own links, and is stored nowhere.

It says which affiliate's link was followed, by code, and in which minute. It says nothing about the visitor, and has no
unique part: whoever follows the same affiliate's link in the same minute gets the same token.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property

from django.core.signing import BadSignature, Signer

from affiliates.models import CODE, REFERRAL_LIFE

PARAMETER = "sent_by"
LONGEST = 100  # characters; ours has at most 85
_SIGNER = Signer(salt="affiliates.link-token", sep=".")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CONTENT = re.compile(r"(?P<code>[A-Z0-9_-]+)\.(?P<minute>[0-9a-f]{1,8})")


@dataclass(frozen=True)
class LinkToken:
    """`code` is normalized; `followed_at` is a whole minute."""

    code: str
    followed_at: datetime

    @property
    def expires_at(self) -> datetime:
        return self.followed_at + REFERRAL_LIFE

    def is_live(self, now: datetime) -> bool:
        return self.followed_at <= now < self.expires_at

    @cached_property
    def signed(self) -> str:
        """For a query: it needs no escaping."""
        return _SIGNER.sign(f"{self.code}.{(self.followed_at - _EPOCH) // timedelta(minutes=1):x}")

    @classmethod
    def parse(cls, text: str) -> LinkToken | None:
        """None for anything that this site did not sign itself."""
        if len(text) > LONGEST:
            return None
        try:
            content = _CONTENT.fullmatch(_SIGNER.unsign(text))
        except BadSignature:
            return None
        if content is None or not CODE.fullmatch(content["code"]):
            return None
        return cls(content["code"], _EPOCH + timedelta(minutes=int(content["minute"], 16)))
