"""A person about whom this site keeps one row of everything."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from affiliates.models import Affiliate, Application, Attribution, PayoutBatch, PayoutItem
from contacts.models import Correspondence, Document, Reply
from privacy.disclosure.models import Disclosure
from privacy.keystore.models import Tombstone
from privacy.models import AccessArchive, ErasureMark, OutgoingMail, PrivacyRequest, Suppression
from privacy.registry import personal_models
from shop.models import Product
from tests import factories

# What is found about somebody who was erased, each with its reason.
KEPT = {"Your wish not to be contacted", "Your privacy requests", "The note that you were deleted"}


def everything_about(email: str, *, name: str, product: Product, brought_by: Affiliate) -> None:
    """One row in every table of the registry; `brought_by` is the affiliate whose link this person followed."""
    _affiliate(email, name)
    _order(email, name, product, brought_by)
    _inquiry(email, name)
    _request(email, name)


def _affiliate(email: str, name: str) -> None:
    affiliate = factories.affiliate(email=email, code=name.upper(), website=f"https://{name}.example")
    Application.objects.create(name=name, email=email, website="", message=f"{name} applies", terms_version="1")
    batch = PayoutBatch.objects.create(currency="USD")
    PayoutItem.objects.create(batch=batch, affiliate=affiliate, amount_minor=1799, currency="USD", receiver=email)


def _order(email: str, name: str, product: Product, brought_by: Affiliate) -> None:
    order = factories.order(product, email=email, name=name)
    click = factories.click(brought_by, address=f"{name} was here")
    Attribution.objects.create(order=order, affiliate=brought_by, click=click, rate_percent=30, terms_version="1")


def _inquiry(email: str, name: str) -> None:
    inquiry = factories.inquiry(email, name=name, reference=f"Q-{name}"[:8], message=f"{name} asks")
    Reply.objects.create(inquiry=inquiry, body=f"Dear {name}")
    Correspondence.objects.create(inquiry=inquiry, way="call_in", notes=f"{name} called")
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


def _request(email: str, name: str) -> None:
    now = timezone.now()
    request = PrivacyRequest.objects.create(email=email, kind="complaint", details=f"{name} complains", keep_until=now)
    AccessArchive.objects.create(
        request=request, content=name.encode(), link_digest=f"digest of {name}", expires_at=now
    )
    Suppression.objects.create(fingerprint=email, channel="letter")
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
    )


def rows_about(email: str) -> dict[str, int]:
    """How many rows there are, by the registry's label."""
    counts = {declaration.label: declaration.rows_of(email).count() for declaration in personal_models()}
    return {label: count for label, count in counts.items() if count}


def contents_about(email: str) -> dict[str, list[dict[str, Any]]]:
    """Every readable value of every row about a person."""
    return {
        declaration.label: [
            {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields}
            for row in declaration.rows_of(email)
        ]
        for declaration in personal_models()
    }
