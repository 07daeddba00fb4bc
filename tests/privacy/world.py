"""A person about whom this site keeps one row of everything."""

from __future__ import annotations

import hashlib
from typing import Any

from django.utils import timezone

from accounts.models import LinkRequest, User
from accounts.models.second_factor import Authenticator, make_recovery_codes
from accounts.models.session import Session
from affiliates.models import (
    Adjustment,
    Affiliate,
    AffiliateDiscount,
    Application,
    Attribution,
    Commission,
    Endpoint,
    EndpointDelivery,
    Flag,
    Label,
    LedgerEntry,
    LegalDetails,
    MovedAffiliate,
    Objection,
    OldLink,
    PayoutEmailChange,
    PayoutItem,
    PayoutRun,
)
from api.models import ApiToken
from clients.models import Agreement, Installment, Quote, QuoteLine
from contacts.models import Attachment, Correspondence, Document, Draft, IncomingMail, Inquiry, Note, Presence, Reply
from privacy.disclosure.models import Disclosure
from privacy.encryption.tokens import hash_token
from privacy.keystore.models import OptOutCopy, Tombstone
from privacy.models import (
    AccessArchive,
    ChoicesRequest,
    ErasureMark,
    OutgoingMail,
    PrivacyRequest,
    Suppression,
    UndeliverableAddress,
)
from privacy.policy.models import PolicyNotice, PolicyVersion
from privacy.registry.deadlines import local_day
from privacy.registry.declarations import personal_models
from privacy.registry.purpose_binding import acting_for
from privacy.registry.purposes import Purpose
from shop.delivery.license_keys import new_license_key
from shop.models import (
    DiscountCode,
    DiscountUse,
    OrderLinksRequest,
    OrderNote,
    Product,
    Refund,
    RefundReason,
    RefundRequest,
)
from shop.models.delivery import License
from tests import factories

# What is found about somebody who was erased, each with its reason.
KEPT = {
    "Do-not-contact entries",
    "Backup copies of do-not-contact entries",
    "Your privacy requests",
    "Deletion marker",
}
# What is kept and leads to nobody any more, because the order or account that it belongs to was stripped.
KEPT_WITHOUT_A_PERSON = {
    "The affiliate who brought your order",
    "Codes you have had",
    "Discounts on your orders",
    "Your discount codes",
    "Where your affiliate account comes from",
    "Your links in the program that moved here",
}


def everything_about(email: str, *, name: str, product: Product, brought_by: Affiliate) -> None:
    """One row in every table of the registry; `brought_by` is the affiliate whose link this person followed."""
    account = _affiliate(email, name, product)
    _order(email, name, product, brought_by)
    inquiry = _inquiry(email, name)
    _quote(inquiry, name)
    Draft.objects.create(inquiry=inquiry, author=brought_by.user, body=f"Dear {name}, we")
    Note.objects.create(inquiry=inquiry, author=brought_by.user, body=f"{name} asks often")
    Presence.objects.create(inquiry=inquiry, user=account)
    Agreement.objects.create(
        name=name, email=email, subject=f"the site of {name}", notes=f"{name} pays", starts_on=local_day(timezone.now())
    )
    _request(email, name)


def _affiliate(email: str, name: str, product: Product) -> User:
    affiliate = factories.affiliate(
        email=email, code=name.upper(), website=f"https://{name}.example", state_reason=f"{name} asked for it"
    )
    now = timezone.now()
    Session.objects.create(
        user=affiliate.user, data=b"x", browser=f"{name}'s browser", last_seen_at=now, expires_at=now, signed_in_at=now
    )
    ApiToken.objects.create(
        owner=affiliate.user, name=f"{name}'s program", digest=hash_token(email), scopes="statistics", expires_at=now
    )
    Authenticator.objects.create(user=affiliate.user)
    make_recovery_codes(affiliate.user)
    PayoutEmailChange.objects.create(
        affiliate=affiliate, email=f"new-{email}", stop_digest=hash_token(email), takes_effect_at=timezone.now()
    )
    Label.objects.create(affiliate=affiliate, name=f"{name}-newsletter")
    LegalDetails.objects.create(affiliate=affiliate, name=f"{name} Limited", address=f"3 {name} Road")
    endpoint = Endpoint.objects.create(
        affiliate=affiliate,
        url=f"https://hooks.example.com/{name}",
        secret=f"whsec_{name}",
        previous_secret=f"whsec_former_{name}",
        previous_until=now,
        kinds="payout.paid",
    )
    EndpointDelivery.objects.create(
        endpoint=endpoint, kind="payout.paid", body=f'{{"to":"{name}"}}', day=now.date(), due_at=now
    )
    Adjustment.objects.create(
        affiliate=affiliate,
        kind="bonus",
        amount_minor=5,
        currency="USD",
        reason=f"dear {name}",
        reference=f"No. {name}",
    )
    discount = DiscountCode.objects.create(code=f"TEN{DiscountCode.objects.count()}", percent=10)
    AffiliateDiscount.objects.create(affiliate=affiliate, discount=discount)
    MovedAffiliate.objects.create(affiliate=affiliate, source="affiliatewp", source_id=f"{name}-12", notice="told")
    OldLink.objects.create(affiliate=affiliate, parameter="via", value=name)
    Application.objects.create(
        name=name,
        email=email,
        website="",
        message=f"{name} applies",
        terms_version="1",
        decision=f"{name} is too young",
    )
    run = PayoutRun.objects.create(currency="USD")
    PayoutItem.objects.create(
        run=run,
        affiliate=affiliate,
        amount_minor=1799,
        currency="USD",
        receiver=email,
        reference=f"BANK {name}",
        failure=f"the bank of {name}",
    )
    LedgerEntry.objects.create(
        affiliate=affiliate, kind="adjustment", amount_minor=5, currency="USD", reason=f"a gift to {name}"
    )
    _objection(affiliate, name, product)
    return affiliate.user


def _objection(affiliate: Affiliate, name: str, product: Product) -> None:
    """To a commission on an order of somebody else, who is nobody's business here."""
    order, now = factories.order(product, email="somebody@example.net"), timezone.now()
    attribution = Attribution.objects.create(order=order, affiliate=affiliate, rate_percent=30, terms_version="1")
    commission = Commission.objects.create(
        attribution=attribution,
        base_minor=1,
        rate_percent=30,
        amount_minor=0,
        currency="USD",
        hold_until=now,
        state="rejected",
        reason=f"{name} bought it",
    )
    Flag.objects.create(attribution=attribution, kind="by_staff", reason=f"{name} looks odd")
    Objection.objects.create(commission=commission, text=f"{name} objects", answer=f"Dear {name}", due_at=now)


def _order(email: str, name: str, product: Product, brought_by: Affiliate) -> None:
    address = f"1 {name} Road"
    order = factories.order(
        product, email=email, name=name, phone="+18055550142", address=address, former_shop="Easy Digital Downloads"
    )
    License.objects.create(order=order, key=new_license_key())
    discount = DiscountCode.objects.create(code=f"TWENTY{DiscountCode.objects.count()}", percent=20)
    DiscountUse.objects.create(order=order, discount=discount, amount_minor=100, currency="USD", state="used")
    RefundRequest.objects.create(order=order, reason=f"{name} is unhappy", answer=f"Dear {name}")
    OrderNote.objects.create(order=order, text=f"{name} called")
    payment = factories.payment(order)
    factories.paypal_event(payment, payload=f"{name} pays")
    refund = Refund.objects.create(payment=payment, amount_minor=100, currency="USD")
    RefundReason.objects.create(refund=refund, text=f"{name} was right")
    click = factories.click(brought_by, address=f"{name} was here")
    Attribution.objects.create(
        order=order, affiliate=brought_by, click=click, route="cookie", rate_percent=30, terms_version="1"
    )


def _inquiry(email: str, name: str) -> Inquiry:
    inquiry = factories.inquiry(email, name=name, reference=f"Q-{name}"[:8], message=f"{name} asks")
    Reply.objects.create(inquiry=inquiry, body=f"Dear {name}")
    texts = {"sender_name": name, "subject": f"{name} asks", "text": f"{name} writes", "quoted": f"> {name} wrote"}
    factories.incoming_mail(email, **texts, inquiry=inquiry, state="filed")
    factories.incoming_mail(email, **texts, raw=f"From: {name}".encode(), message_id=f"<{name}@1>", state="held")
    Correspondence.objects.create(inquiry=inquiry, way="call_in", notes=f"{name} called")
    IncomingMail.objects.create(
        inquiry=inquiry,
        content_digest=hashlib.sha256(name.encode()).hexdigest(),
        message_id=f"<{name}@example.net>",
        raw=name.encode(),
        size=len(name),
        sender=email,
        sender_name=name,
        subject=f"{name} asks again",
        text=f"{name} writes",
        quoted=f"{name} wrote",
        state="filed",
    )
    Attachment.objects.create(
        inquiry=inquiry, name=f"{name}.png", content=name.encode(), content_type="image/png", size=len(name)
    )
    Document.objects.create(
        inquiry=inquiry, name=f"{name}.pdf", content=name.encode(), content_type="application/pdf", size=len(name)
    )
    OutgoingMail.objects.create(
        kind="contacts/inquiry_answered",
        about_model="contacts.Inquiry",
        about_id=inquiry.pk,
        recipient=email,
        subject="Our answer",
        text=f"Dear {name}",
        html=f"<p>Dear {name}</p>",
    )
    return inquiry


def _quote(inquiry: Inquiry, name: str) -> None:
    quote = Quote.objects.create(
        inquiry=inquiry,
        name=name,
        company=f"{name} Limited",
        email=inquiry.email,
        address=f"1 {name} Road",
        title=f"A site for {name}",
        text=f"Dear {name}",
        valid_until=timezone.now().date(),
        asked_at=inquiry.received_at,
    )
    QuoteLine.objects.create(quote=quote, description=f"A page about {name}", unit_price_minor=100)
    Installment.objects.create(quote=quote, label=f"Deposit of {name}", amount_minor=100)


def _request(email: str, name: str) -> None:
    now = timezone.now()
    request = PrivacyRequest.objects.create(email=email, kind="complaint", details=f"{name} complains", keep_until=now)
    AccessArchive.objects.create(
        request=request, content=name.encode(), link_digest=f"digest of {name}", expires_at=now
    )
    version = PolicyVersion.objects.get(number=1)
    PolicyNotice.objects.create(
        version=version, fingerprint=email, contact_model="privacy.PrivacyRequest", contact_id=request.pk
    )
    wish = Suppression.objects.create(fingerprint=email, channel="letter")
    OptOutCopy.objects.create(
        id=wish.pk, fingerprint=email, point="fingerprint", channel="letter", created_at=wish.created_at
    )
    UndeliverableAddress.objects.create(fingerprint=email, code="550", noticed_at=now - UndeliverableAddress.LIFE)
    ChoicesRequest.objects.create(email=email)
    LinkRequest.objects.create(email=email)
    OrderLinksRequest.objects.create(email=email)
    tombstone = Tombstone.objects.create(fingerprint=email, confirmed_at=now)  # they were deleted once, and came back
    ErasureMark.objects.create(id=tombstone.pk)
    Disclosure.objects.create(
        kind=Disclosure.Kind.SUBPOENA,
        authority=f"the court that asked about {name}",
        order_reference=f"{name}, No. 1",
        received_on=now.date(),
        email=email,
        scope=["shop_order"],
        document_digest="0" * 64,
        export_digest="1" * 64,
        refusal=f"{name} objected",
    )


def rows_about(email: str) -> dict[str, int]:
    """How many rows there are, by the registry's label."""
    counts = {declaration.label: declaration.rows_of(email).count() for declaration in personal_models()}
    return {label: count for label, count in counts.items() if count}


@acting_for(Purpose.PRIVACY_REQUEST)
def contents_about(email: str) -> dict[str, list[dict[str, Any]]]:
    """Every readable value of every row about a person."""
    return {
        declaration.label: [
            {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields}
            for row in declaration.rows_of(email)
        ]
        for declaration in personal_models()
    }
