"""An affiliate's state for staff: suspending, reinstating, closing and the group, each with one button."""

from __future__ import annotations

from collections.abc import Callable

from django import forms

from affiliates.commissions.groups import PERMISSION, move_to_group
from affiliates.membership.account_state import close_affiliate, reinstate_affiliate, suspend_affiliate
from affiliates.models import Affiliate, AffiliateGroup
from affiliates.moving_in.notices import record_told
from privacy.admin_base.staff_action import StaffAction

State = Affiliate.State
DONE = "Done. The affiliate is notified by email."


class AccountReasonForm(forms.Form):
    reason = forms.CharField(
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 4, "cols": 80}),
        help_text="The affiliate sees it in an email and in the portal.",
        error_messages={"required": "Please enter a reason. The affiliate will see it."},
    )


def _is(*states: str) -> Callable[[Affiliate], bool]:
    return lambda affiliate: affiliate.state in states


class GroupForm(forms.Form):
    group = forms.ModelChoiceField(AffiliateGroup.objects.all(), required=False, empty_label="No group")


STATE_ACTIONS = (
    StaffAction(
        name="told",
        label="Told by phone or letter…",
        asks="You called or wrote, and the affiliate knows that the program moved here. The links earn from now on, and"
        " the balance can be paid once the terms are accepted.",
        do=record_told,
        when=_is(State.MOVED),
        done="Recorded. The account is active.",
    ),
    StaffAction(
        name="group",
        label="Change the group…",
        asks="The group's rates apply to orders from now on, unless the affiliate has a rate of their own.",
        permission=PERMISSION,
        do=move_to_group,
        when=_is(State.ACTIVE, State.SUSPENDED, State.MOVED),
        form=GroupForm,
        asks_again=True,
        done="Done. Earlier orders keep their rate.",
    ),
    StaffAction(
        name="suspend",
        label="Suspend…",
        asks="Links and codes still work, also for discounts, but earn nothing, and nothing is paid, until you"
        " reinstate the affiliate. To end a discount, end its code under Discount codes.",
        do=suspend_affiliate,
        when=_is(State.ACTIVE),
        form=AccountReasonForm,
        done=DONE,
    ),
    StaffAction(
        name="reinstate",
        label="Reinstate…",
        asks="Links and codes earn again, and what is due goes into the next payout. The affiliate gets an email.",
        do=reinstate_affiliate,
        when=_is(State.SUSPENDED),
        done=DONE,
    ),
    StaffAction(
        name="close",
        label="Close the account…",
        asks="This can't be undone. The balance is paid, and then all personal data is deleted. First reject any"
        " commissions that should not be paid.",
        do=close_affiliate,
        when=_is(State.MOVED, State.ACTIVE, State.SUSPENDED),
        form=AccountReasonForm,
        is_final=True,
        done=DONE,
    ),
)
