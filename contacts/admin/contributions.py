"""What apps above this one add to the page of a message, from their own `admin` package (as ADR 60 does for orders)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from contacts.conversation.timeline import Event
from contacts.models import Inquiry
from privacy.admin_base.staff_action import StaffAction

from .actions import InquiryActions

Fact = tuple[str, Any]  # label and value
Source = Callable[[Inquiry], Iterable[Fact]]
EventSource = Callable[[Sequence[Inquiry]], Iterable[Event]]
_sources: list[tuple[str, Source]] = []
_event_sources: list[tuple[str, EventSource]] = []


def message_action(action: StaffAction) -> StaffAction:
    """Adds a button. Call it when the app's `admin` is imported: the addresses are read after that."""
    InquiryActions.staff_actions = (*InquiryActions.staff_actions, action)
    return action


def message_facts(*, permission: str) -> Callable[[Source], Source]:
    """Registers a function of a message, in a bounded number of queries. Shown to users with the permission."""

    def register(source: Source) -> Source:
        _sources.append((permission, source))
        return source

    return register


def contributed_facts(inquiry: Inquiry, user: Any) -> list[Fact]:
    return [fact for permission, source in _sources if user.has_perm(permission) for fact in source(inquiry)]


def message_events(*, permission: str) -> Callable[[EventSource], EventSource]:
    """Registers a function of the messages of a conversation: what happened to what the app made of them. In a bounded
    number of queries. Shown to users with the permission."""

    def register(source: EventSource) -> EventSource:
        _event_sources.append((permission, source))
        return source

    return register


def contributed_events(inquiries: Sequence[Inquiry], user: Any) -> list[Event]:
    return [event for permission, source in _event_sources if user.has_perm(permission) for event in source(inquiries)]
