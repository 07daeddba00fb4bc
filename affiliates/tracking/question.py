"""The question on the landing page with `AFFILIATE_CONSENT=ask`: may this site remember who sent the visitor?

Until it is answered, all that is known about the visit is in the page itself, signed. The form needs neither a script
nor a cookie, so that asking stores nothing; browsers say by themselves which site a form was sent from.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.http import HttpRequest

from .landing_pages import address_of

LASTS = timedelta(days=1)  # of an open page; after that, the question is asked again
LONGEST = 2000  # characters
_SALT = "affiliates.question"


@dataclass(frozen=True)
class ConsentQuestion:
    """A visit that is not stored. `click_id` becomes its row's if the answer is yes, so that an answer counts once."""

    click_id: UUID
    code: str
    landing: str
    label_id: UUID | None
    discount: str = ""  # the query with the link's discount code

    @property
    def signed(self) -> str:
        label = str(self.label_id) if self.label_id else ""
        return signing.dumps(
            [str(self.click_id), self.code, self.landing, label, self.discount], salt=_SALT, compress=True
        )

    @classmethod
    def parse(cls, text: str) -> ConsentQuestion | None:
        """None for anything that this site did not ask itself within the last day."""
        if len(text) > LONGEST:
            return None
        try:
            click, code, landing, label, discount = signing.loads(text, salt=_SALT, max_age=LASTS)
        except (signing.BadSignature, ValueError):
            return None
        return cls(UUID(click), code, landing, UUID(label) if label else None, discount)

    @property
    def page(self) -> str:
        """Where the answer leads."""
        return f"{self.landing}{self.discount}"

    @property
    def address(self) -> str:
        """Of the page that asks, by which it asks again."""
        return address_of(self.page, {"ref": self.code})


def is_answered_here(request: HttpRequest) -> bool:
    """Whether the form was sent from a page of this site: another site must not say yes in a visitor's name.

    Browsers say so in `Sec-Fetch-Site` (https://www.w3.org/TR/fetch-metadata/), older ones in `Origin`.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    own = {settings.SITE_URL, f"{request.scheme}://{request.get_host()}"}
    return request.headers.get("Origin") in own
