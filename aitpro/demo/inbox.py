"""The demo's inbox: a message of each kind and state, without sending mail."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from contacts.inquiries.budgets import budgets
from contacts.inquiries.workflow import answer_due
from contacts.models import Correspondence, Inquiry, Reply

if TYPE_CHECKING:
    from accounts.models import User

State, Kind = Inquiry.State, Inquiry.Kind


def seed_inbox(*, staff: User) -> None:
    """Does nothing if the inbox has messages."""
    if Inquiry.objects.exists():
        return
    _write("Quinn Question", days=0, message="Does BPS Pro work with WordPress multisite?")
    _write("Olive Order", days=1, kind=Kind.ORDER, message="My download link is over. May I have another?", mine=staff)
    _write(
        "Hugo Held", days=1, state=State.HELD, message="Best prices https://a.example https://b.example www.c.example"
    )
    _write("Lara Lost", days=0, message="Can you clean a site that was broken into?", phone="+1 805 555 0142")
    _write("Carl Closed", days=40, state=State.CLOSED, message="Thank you for the quick help.")
    _quote(staff)


def _quote(staff: User) -> None:
    """A quote request with a call and an answer."""
    quote = _write(
        "Petra Project",
        days=6,
        kind=Kind.QUOTE,
        state=State.ANSWERED,
        mine=staff,
        message="We need a new site for our bakery, with orders for the weekend.",
        project="A site for a bakery",
        budget=budgets()[1],
        deadline="before Easter",
        phone="+1 805 555 0171",
        address="12 Baker Street, Ventura, CA 93001",
    )
    called_at = quote.received_at + timedelta(hours=20)
    Correspondence.objects.create(
        inquiry=quote,
        author=staff,
        way=Correspondence.Way.CALL_OUT,
        purpose=quote.purpose,
        happened_at=called_at,
        notes="About forty products, pictures are there, no payment on-line.",
    )
    Reply.objects.create(
        inquiry=quote,
        author=staff,
        sent_at=called_at,
        body="Thank you for the talk. The quote follows this week.",
    )


def _write(name: str, *, days: int, mine: User | None = None, **fields: Any) -> Inquiry:
    """A message received `days` ago."""
    received_at = timezone.now() - timedelta(days=days)
    answered_at = received_at + timedelta(days=1) if fields.get("state") in {State.ANSWERED, State.CLOSED} else None
    inquiry: Inquiry = Inquiry.objects.create(
        name=name,
        email=f"{name.partition(' ')[0].lower()}@example.net",
        received_at=received_at,
        due_at=answer_due(received_at),
        answered_at=answered_at,
        assigned_to=mine,
        **fields,
    )
    return inquiry
