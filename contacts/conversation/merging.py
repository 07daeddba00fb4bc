"""Two messages of one sender become one conversation: one of them is answered for both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from contacts.models import Draft, Inquiry
from privacy.admin_base.refusals import ActionRefused
from privacy.audit.trail import record

if TYPE_CHECKING:
    from accounts.models import User

State = Inquiry.State
MERGEABLE = (State.OPEN, State.ANSWERED, State.CLOSED)


def merge_candidates(inquiries: list[Inquiry], inquiry: Inquiry) -> list[Inquiry]:
    """Those of the sender's messages that this one can be merged into."""
    return [other for other in inquiries if not why_not_merge(inquiry, other)]


def why_not_merge(inquiry: Inquiry, into: Inquiry) -> str:
    """The reason for staff; empty if these two messages of one sender can become one conversation."""
    if inquiry.pk == into.pk:
        return "A message can't be merged into itself."
    for each in (inquiry, into):
        if each.merged_into_id is not None:
            return f"{each.reference} has been merged into another message already. Reopen it first."
        if each.state not in MERGEABLE:
            return f"{each.reference} is {each.get_state_display()}. Release or reopen it first."
        if each.kind == Inquiry.Kind.COMPLAINT:
            return "A complaint about privacy keeps its own deadline, so it is answered on its own."
    return ""


@transaction.atomic
def merge_inquiry(*, inquiry: Inquiry, into: Inquiry, actor: User) -> None:
    """Closes `inquiry` and leads to `into`, which waits from now on if either did, until the earlier due date. Drafts
    move along. Raises `ActionRefused`."""
    locked = Inquiry.objects.select_for_update(of=("self",)).filter(pk__in=[inquiry.pk, into.pk]).order_by("pk")
    pair = {each.pk: each for each in locked}
    if not {inquiry.pk, into.pk} <= pair.keys():
        raise ActionRefused("One of these messages no longer exists.")
    if not Inquiry.objects.of_person(inquiry.email).filter(pk=into.pk).exists():
        raise ActionRefused("These messages are from two senders. One would be answered to the other's address.")
    merged, target = pair[inquiry.pk], pair[into.pk]
    if refusal := why_not_merge(merged, target):
        raise ActionRefused(refusal)
    waiting = [each for each in (merged, target) if each.state == State.OPEN]
    if waiting:
        due_at = min((each.due_at for each in waiting if each.due_at), default=None)
        Inquiry.objects.filter(pk=target.pk).update(state=State.OPEN, due_at=due_at, snoozed_until=None)
    Inquiry.objects.filter(merged_into=merged).update(merged_into=target)
    Inquiry.objects.filter(pk=merged.pk).update(state=State.CLOSED, merged_into=target, snoozed_until=None)
    _move_drafts(merged, target)
    record(action="contacts.inquiry.merged", about=target, actor=actor)
    record(action="contacts.inquiry.merged", about=merged, actor=actor)


def _move_drafts(merged: Inquiry, target: Inquiry) -> None:
    """A colleague who has a draft for the target, too, keeps both: the other one stays with its message."""
    taken = Draft.objects.filter(inquiry=target).values("author")
    Draft.objects.filter(inquiry=merged).exclude(author__in=taken).update(inquiry=target)
