"""What lies in databases, logs, caches and files; and what a thief of them could do."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from ..mutations import around, breaks, put, swap


@breaks("encrypted")
def free_text_is_logged() -> None:
    import logging

    from contacts.inquiries.views import ContactView

    def form_valid(former: Any, self: Any, form: Any) -> Any:
        logging.getLogger("mutation").warning("somebody wrote: %s", form.cleaned_data)
        return former(self, form)

    around(ContactView, "form_valid", form_valid)


@breaks("encrypted", at="privacy_outgoingmail.refusal")
def what_staff_write_is_stored_in_clear() -> None:
    """Reasons and notes of staff were plain columns: they name people (ADR 26)."""
    from contacts.inquiries.correspondence import log_correspondence
    from privacy.models import OutgoingMail

    def log(*, entry: Any, **options: Any) -> Any:
        logged = log_correspondence(entry=entry, **options)
        OutgoingMail.objects.filter(about_id=logged.inquiry_id).update(refusal=str(logged.notes)[:200])
        return logged

    swap(log_correspondence, log)


@breaks("encrypted", at="django_admin_log.object_repr")
def the_admins_history_names_people() -> None:
    """`__str__` said the name, and Django's history of the admin keeps it."""
    from privacy.admin_base import history

    former = history._log

    def log(request: Any, rows: Any, flag: int, message: Any) -> Any:
        entries = former(request, rows := list(rows), flag, message)
        for entry, row in zip(entries, rows, strict=True):
            entry.object_repr = getattr(row, "staff_label", str(row))[:200]
            entry.save()
        return entries

    swap(former, log)


@breaks("encrypted", at="django_tasks_database")
def the_arguments_of_a_task_hold_an_address() -> None:
    from accounts.models import LinkRequest
    from accounts.passwords import link

    former, stored, take = link.request_password_link, link.mail_password_link, LinkRequest.take

    def ask(email: str) -> None:
        former(email)
        stored.enqueue(email)

    swap(former, ask)
    put(LinkRequest, "take", lambda key: key if "@" in key else take(key))


@breaks("encrypted", at="in the cache default")
def the_cache_holds_a_name() -> None:
    from django.core.cache import cache

    from shop.checkout import orders

    former = orders.place_order

    def place(**options: Any) -> Any:
        order = former(**options)
        cache.set(f"order {order.pk}", {"name": options["name"]})
        return order

    swap(former, place)


@breaks("encrypted", at="in privacy_limits.cache_key")
def the_limits_hold_addresses() -> None:
    """Limits counted by the address itself: the table of the cache was a list of everybody who wrote."""
    from django.core.cache import caches

    from privacy.web import rate_limits

    former = rate_limits.take_slot

    def take(limit: str, who: str, **options: Any) -> Any:
        caches["limits"].add(f"{limit}-{who}".replace(" ", "-")[:200], b"1")
        return former(limit, who, **options)

    swap(former, take)


@breaks("encrypted", at="accounts_session.id is a session")
def a_session_is_stored_under_its_key() -> None:
    """Whoever had the table of sessions could put any of them into a cookie."""
    from uuid import uuid4

    from accounts.sessions import hashing
    from accounts.sessions.store import SessionStore

    swap(hashing.digest, lambda cookie_key, root=None: _uuid(cookie_key))
    swap(hashing.digests, lambda cookie_key: [_uuid(cookie_key)])
    put(SessionStore, "_get_new_session_key", lambda self: uuid4().hex)


def _uuid(text: str) -> UUID:
    try:
        return UUID(hex=text)
    except ValueError:
        return UUID(int=0)


@breaks("encrypted", at="link_digest opens")
def the_token_of_a_link_is_stored() -> None:
    from privacy.encryption import tokens

    swap(tokens.hash_token, lambda token: token[:64])


@breaks("encrypted")
def an_order_opens_by_its_id() -> None:
    """The link in the receipt was the row's id, which stands in the database and in PayPal's books."""
    from shop.checkout import order_views
    from shop.models import Order

    def get(former: Any, where: Any, *args: Any, **wanted: Any) -> Any:
        token = wanted.get("link_index")
        if token:
            for column in ("pk", "reference"):
                value = _as_id(token) if column == "pk" else token
                if value and (found := Order.objects.filter(**{column: value}).first()):
                    return found
        return former(where, *args, **wanted)

    around(order_views, "get_object_or_404", get)


def _as_id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


@breaks("encrypted")
def an_upload_lies_in_a_folder() -> None:
    """A file that staff add was written under its own name."""
    from django.conf import settings

    from contacts.documents import sharing

    former = sharing.add_document

    def add(*, file: Any, **options: Any) -> Any:
        settings.MEDIA_ROOT.mkdir(exist_ok=True)
        (settings.MEDIA_ROOT / file.name).write_bytes(file.content)
        return former(file=file, **options)

    swap(former, add)


@breaks("paypal-only")
def a_message_of_paypals_is_kept_with_the_payer() -> None:
    """PayPal's messages hold the payer's name and address; all of it was kept."""
    import json

    from shop.webhooks import payload_filter

    swap(payload_filter.filter_payload, lambda event: json.dumps(event.resource))


@breaks("encrypted", "paypal-only", "purpose-limitation")
def a_message_of_paypals_is_stored_in_clear() -> None:
    import json
    from dataclasses import replace

    from shop.webhooks import event_ids

    former = event_ids.extract_ids

    def names(event: Any) -> Any:
        payer = event.resource.get("payer") or event.resource.get("payee") or {}
        found = former(event)
        return replace(found, order=found.order or json.dumps(payer)[:128])

    swap(former, names)


@breaks("paypal-only")
def the_number_of_a_card_is_taken() -> None:
    from privacy.encryption import validators

    swap(validators.has_card_number, lambda text: False)


@breaks("encrypted")
def the_log_says_whom_a_mail_went_to() -> None:
    import logging

    from privacy.mail import sending

    def send(former: Any, row: Any, kind: Any) -> None:
        logging.getLogger("mutation").warning("delivering to %s", row.recipient)
        former(row, kind)

    around(sending, "_send", send)
