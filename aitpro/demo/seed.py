"""The demo's users and product. Passwords are generated and stored in a file that only this user can read."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Any

import time_machine
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from affiliates.membership.terms import current_terms_number
from affiliates.models import Affiliate, AffiliateDiscount
from contacts.models import Inquiry
from privacy.consent.opt_outs import is_opted_out, suppress
from privacy.registry.purposes import Channel
from shop.models import DiscountCode, Product, ShopTerms
from shop.terms.publishing import publish_terms

from .creatives import seed_creatives
from .history.affiliates import STRONG, Partners, accept_current_terms, plan_affiliates
from .history.correspondence import plan_correspondence
from .history.paypal_records import PayPalRecords
from .history.timeline import Timeline
from .history.year import plan_year
from .products.seeding import seed_products
from .services import seed_services

STAFF = "staff@example.com"
AFFILIATE = "affiliate@example.com"
CODE = "DEMO"
DISCOUNT = "DEMO10"
QUESTION = "quinn@example.org"
BY_LETTER = "paula@example.org"


def sign_ins_file() -> Path:
    return Path(settings.DATA_DIR) / "demo-sign-ins.json"


@transaction.atomic
def seed() -> dict[str, tuple[str, str]]:
    """Creates what is missing. Returns email address and password by role, the same on every call."""
    timeline = Timeline(now=timezone.now(), days=settings.DEMO_DAYS)
    with time_machine.travel(timeline.start, tick=False):
        product = seed_products()
        known = _known_sign_ins()
        sign_ins = {
            "staff": (STAFF, _user(STAFF, "Sam Staff", known, is_staff=True, is_superuser=True)),
            "affiliate": (AFFILIATE, _user(AFFILIATE, STRONG, known)),
        }
        _publish_terms()
        affiliate, is_new = Affiliate.objects.get_or_create(
            user=User.objects.get_by_natural_key(AFFILIATE),
            defaults={"code": CODE, "payout_email": AFFILIATE, "terms_version": current_terms_number()},
        )
        if is_new:
            accept_current_terms(affiliate)
            discount = DiscountCode.objects.create(code=DISCOUNT, percent=10)
            AffiliateDiscount.objects.create(affiliate=affiliate, discount=discount)
        _people()
        seed_creatives(product)
        seed_services()
    if is_new:
        _live_through(timeline, affiliate, product)
    _remember(sign_ins)
    return sign_ins


def _live_through(timeline: Timeline, affiliate: Affiliate, product: Product) -> None:
    staff = User.objects.get_by_natural_key(STAFF)
    partners, records = Partners(staff, affiliate), PayPalRecords(timeline.chance)
    plan_affiliates(timeline, partners)
    plan_year(timeline, partners=partners, product=product, records=records, staff=staff)
    plan_correspondence(timeline, staff=staff)
    timeline.run()
    records.write(settings.PAYPAL_TRUST_ROOTS.parent / "history.json")


def _publish_terms() -> None:
    """As if staff had reviewed and published the drafts."""
    for draft in ShopTerms.objects.filter(number=1, effective_from=None):
        publish_terms(version=draft, effective_from=None, actor=None)


def _people() -> None:
    """Two senders of messages; the second has opted out of email, so that policy notices need a letter."""
    for name, address in (("Quinn Question", QUESTION), ("Paula Post", BY_LETTER)):
        if not Inquiry.objects.filter(email_index=address).exists():
            Inquiry.objects.create(
                name=name,
                email=address,
                address="12 Main Street, Springfield" if address == BY_LETTER else "",
                message="Do you also look after sites that somebody else built?",
                state=Inquiry.State.CLOSED,
            )
    if not is_opted_out(BY_LETTER, Channel.EMAIL):
        suppress(BY_LETTER, Channel.EMAIL)


def _user(email: str, name: str, known: dict[str, str], **fields: Any) -> str:
    """The user's password: the stored one if it still works, otherwise a new one."""
    user = User.objects.with_email(email) or User.objects.create_user(email, name=name, **fields)
    password = known.get(email, "")
    if not user.check_password(password):
        password = secrets.token_urlsafe(12)
        user.set_password(password)
        user.save(update_fields=["password"])
    return password


def _known_sign_ins() -> dict[str, str]:
    try:
        return dict(json.loads(sign_ins_file().read_text()))
    except (OSError, ValueError):
        return {}


def _remember(sign_ins: dict[str, tuple[str, str]]) -> None:
    path = sign_ins_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(dict(sign_ins.values()), file)
