"""Rows with sensible values; a test names only what it is about."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django.core.files.base import ContentFile
from django.utils import timezone

from accounts.models import User
from affiliates.models import REFERRAL_LIFE, Affiliate, Click
from affiliates.tracking.labels import declare_label
from clients.models import Quote
from contacts.models import IncomingMail, Inquiry
from privacy.encryption.models import uuid7
from privacy.encryption.tokens import hash_token
from privacy.evidence import attack_history
from privacy.evidence.rehearsal.report import RehearsalReport
from privacy.models.attack import AttackKind, Attempt
from privacy.registry.promises import PROMISES
from shop.models import DiscountCode, Dispute, Order, Payment, PayPalEvent, Product, ProductPicture
from shop.models.delivery import ProductFile
from shop.money import Money


def user(email: str, **fields: Any) -> User:
    return User.objects.create_user(email, "correct horse battery", **fields)


def affiliate(email: str, code: str, **fields: Any) -> Affiliate:
    owner = user(email, name=email.partition("@")[0].capitalize())
    return Affiliate.objects.create(
        **{"user": owner, "code": code, "payout_email": email, "terms_version": "1", **fields}
    )


def product(**fields: Any) -> Product:
    values = {"slug": "bps-pro", "name": "BPS Pro", "summary": "Guards a site.", "price_minor": 5995, "currency": "USD"}
    values["fulfillment"] = "We set it up with you."
    return Product.objects.create(**{**values, **fields})


def release(product: Product, content: bytes = b"PK guard", **fields: Any) -> ProductFile:
    values = {"version": "1.0", "content": ContentFile(content, name="Guard.zip")}
    return ProductFile.objects.create(**{"product": product, **values, **fields})


def discount(
    code: str = "SPRING10", off: Money | None = None, lowest: Money | None = None, **fields: Any
) -> DiscountCode:
    """10% off, or a flat amount; for prices from `lowest`."""
    made = DiscountCode.objects.create(**{"code": code, "percent": None if off else Decimal(10), **fields})
    if off or lowest:
        currency = (off or lowest or Money(0, "USD")).currency
        made.amounts.create(
            currency=currency, off_minor=off.minor if off else None, minimum_minor=lowest.minor if lowest else None
        )
    return made


def picture(product: Product) -> ProductPicture:
    values = {"large": b"RIFF large", "small": b"RIFF small", "digest": f"{1:064x}", "width": 1120, "height": 700}
    return ProductPicture.objects.create(product=product, alt="A drawing", **values)


def order(product: Product, email: str = "carol@example.org", **fields: Any) -> Order:
    values = {
        "reference": f"B{str(uuid7())[-9:].upper()}",
        "product_name": product.name,
        "amount_minor": product.price_minor,
        "currency": product.currency,
        "name": "Carol Customer",
    }
    return Order.objects.create(**{"product": product, "email": email, **values, **fields})


def payment(order: Order, **fields: Any) -> Payment:
    return Payment.objects.create(
        **{"order": order, "amount_minor": order.amount_minor, "currency": order.currency, **fields}
    )


def dispute(payment: Payment, **fields: Any) -> Dispute:
    now = timezone.now()
    values = {"paypal_id": f"PP-D-{str(uuid7())[-9:]}", "state": "OPEN", "opened_at": now, "changed_at": now}
    money = {"amount_minor": payment.amount_minor, "currency": payment.currency}
    return Dispute.objects.create(**{"payment": payment, **values, **money, **fields})


def paypal_event(payment: Payment | None = None, **fields: Any) -> PayPalEvent:
    values = {"event_id": f"WH-{uuid7()}", "event_type": "PAYMENT.CAPTURE.REFUNDED", "resource_id": "R1"}
    return PayPalEvent.objects.create(**{"payment": payment, "payload": "{}", **values, **fields})


def click(affiliate: Affiliate, clicked_at: datetime | None = None, **fields: Any) -> Click:
    """`sub` is a label that the affiliate has declared."""
    moment = clicked_at or timezone.now()
    if sub := fields.pop("sub", ""):
        fields["label"] = declare_label(affiliate=affiliate, text=sub)
    values = {
        "cookie_digest": hash_token(str(uuid7())),
        "address": "203.0.113.77",
        "landing_path": "/",
        "clicked_at": moment,
        "expires_at": moment + REFERRAL_LIFE,
    }
    stored: Click = Click.objects.create(affiliate=affiliate, **{**values, **fields})
    return stored


def inquiry(email: str | None = "dave@example.org", **fields: Any) -> Inquiry:
    stored: Inquiry = Inquiry.objects.create(**{"name": "Dave", "email": email, "message": "Hello?", **fields})
    return stored


def incoming_mail(email: str = "dave@example.org", **fields: Any) -> IncomingMail:
    """One that has been read, with its text; each call another one."""
    texts = {"sender_name": "Dave", "subject": "A question", "text": "Hello?"}
    stored: IncomingMail = IncomingMail.objects.create(
        **{"sender": email, "content_digest": uuid4().hex * 2, "size": 100, **texts, **fields}
    )
    return stored


def quote(inquiry: Inquiry, **fields: Any) -> Quote:
    """A draft of one line, in two installments."""
    values = {"name": inquiry.name, "email": inquiry.email, "title": "A new site", "asked_at": inquiry.received_at}
    day = (timezone.now() + timedelta(days=30)).date()
    stored: Quote = Quote.objects.create(**{"inquiry": inquiry, "valid_until": day, **values, **fields})
    stored.lines.create(description="Design", unit_price_minor=120_000)
    stored.installments.create(label="Deposit", percent=30)
    stored.installments.create(label="On launch", due="release")
    return stored


def report(**fields: Any) -> RehearsalReport:
    """Every promise was tried, and none broke."""
    tried = {promise.id: 3 for promise in PROMISES}
    return RehearsalReport(**{"attempts": Counter(tried), "searches": Counter(tried), "ways": 100, **fields})


def attempt(kind: AttackKind = AttackKind.REHEARSAL, **fields: Any) -> Attempt:
    """An attack of this moment, with such a report."""
    made = attack_history.begin(kind, now=timezone.now())
    attack_history.record(made, report(**fields), now=timezone.now())
    made.refresh_from_db()
    return made


def attempts() -> None:
    """One of each kind, which found nothing."""
    for kind in AttackKind:
        attempt(kind)
