"""What lies in the stores although no running code writes it: an older version did, or somebody's own statements.

A rehearsal begins with empty stores and can't meet it. The sweep of the live ones does.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import Any

from ..mutations import around, breaks


def with_each_message(write: Callable[[Any], object]) -> None:
    """Does something with the stored row of each message to us, behind the site's back."""
    from django.db.models.signals import post_save

    from contacts.models import Inquiry

    def stored(sender: Any, instance: Any, **options: Any) -> None:
        write(instance)

    post_save.connect(stored, sender=Inquiry, weak=False)


@breaks("encrypted", by="sweep", at="newsletter")
def a_name_lies_in_a_table_of_another_program() -> None:
    from django.db import connection

    def write(inquiry: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE IF NOT EXISTS newsletter (reader varchar(200))")
            cursor.execute("INSERT INTO newsletter VALUES (%s)", [f"Dear {inquiry.name},"])

    with_each_message(write)


@breaks("encrypted", by="sweep", at="privacy_outgoingmail.refusal")
def an_address_lies_there_as_its_hash() -> None:
    """Who has a list of addresses has them all."""
    from privacy.models import OutgoingMail

    def write(inquiry: Any) -> None:
        refusal = sha256(inquiry.email.encode()).hexdigest()
        OutgoingMail.objects.filter(about_id=inquiry.pk).update(refusal=refusal)

    from contacts.inquiries import views

    def receive(former: Any, **options: Any) -> Any:
        received = former(**options)
        write(received)
        return received

    around(views, "receive_inquiry", receive)


@breaks("encrypted", by="sweep", at="shop_order.checkout_digest")
def a_link_of_former_days_is_no_digest() -> None:
    from privacy.encryption.tokens import generate_token
    from shop.models import Order

    def store(former: Any, **options: Any) -> Any:
        order = former(**options)
        Order.objects.filter(pk=order.pk).update(checkout_digest=generate_token())
        return order

    from shop.checkout import views

    around(views, "place_order", store)


@breaks("paypal-only", by="sweep")
def a_cards_number_was_sealed_before_it_was_refused() -> None:
    from contacts.models import Inquiry

    def write(inquiry: Any) -> None:
        message = inquiry.sealed("message", "Please charge 4539 1488 0343 6467, thank you.")
        Inquiry._base_manager.filter(pk=inquiry.pk).update(message=message)

    with_each_message(write)


@breaks("direct-visits-domain-only", by="sweep")
def an_address_was_counted_as_a_domain() -> None:
    from django.utils import timezone

    from aitpro.traffic.models import DomainDay

    def write(inquiry: Any) -> None:
        DomainDay.objects.get_or_create(day=timezone.now().date(), domain="198.51.100.7", defaults={"views": 3})

    with_each_message(write)


@breaks("email-for-asked-contact-only", by="sweep")
def a_mail_went_to_an_address_that_its_row_lacks() -> None:
    from privacy.mail import sending
    from privacy.models import OutgoingMail

    def finish(former: Any, row: Any, outcome: str, **options: Any) -> None:
        former(row, outcome, **options)
        OutgoingMail.objects.filter(pk=row.pk).update(recipient=row.sealed("recipient", "somebody.else@example.org"))

    around(sending, "_finish", finish)
