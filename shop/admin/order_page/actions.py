"""What staff do with an order: mails, address, downloads, license, notes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.db import transaction

from privacy.admin_base.staff_action import StaffAction
from privacy.audit.trail import record
from privacy.encryption.email_field import EmailAddressField
from privacy.erasure.erased_rows import refuse_text_about_erased
from shop.delivery.downloads import reset_downloads
from shop.delivery.licenses import end_delivery, may_be_restored, restore_delivery
from shop.delivery.order_links import correct_address, send_receipt_again
from shop.models import Order, OrderNote

from .mails import SendAgainForm, send_mail_again

if TYPE_CHECKING:
    from accounts.models import User

CORRECT = "shop.correct_order"
REISSUE = "shop.reissue_license"
ADD_NOTE = "shop.add_ordernote"


class AddressForm(forms.Form):
    email = EmailAddressField(label="Correct email address")


class NoteForm(forms.Form):
    text = forms.CharField(
        label="New note",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 60}),
        help_text="For colleagues. The buyer can read it in a copy of their data.",
    )


def _corrected(order: Order, mailed: bool) -> str:
    told = "the buyer was mailed the new link" if mailed else "the new address can't be mailed: see Outgoing mail"
    return f"The address was corrected, and the former link no longer works; {told}."


@transaction.atomic
def add_note(*, order: Order, text: str, actor: User) -> OrderNote:
    """Raises `ActionRefused` for a deleted buyer: nobody could find the text again to delete it."""
    refuse_text_about_erased(Order.objects.select_for_update().get(pk=order.pk), text)
    note = OrderNote.objects.create(order=order, text=text, written_by=actor)
    record(action="shop.order_note.added", about=note, actor=actor)
    return note


def _again(order: Order, title: str) -> str:
    return f"“{title}” is on its way to the buyer again."


# Where the page shows their buttons: beside what they are about. The others have forms of their own on it.
BESIDE = {
    "mails": {"send-receipt"},
    "buyer": {"correct-address"},
    "downloads": {"reset-downloads"},
    "license": {"end-license", "restore-license"},
}

ORDER_ACTIONS: tuple[StaffAction, ...] = (
    StaffAction(
        name="send-receipt",
        label="Send the receipt again",
        permission=CORRECT,
        when=lambda order: order.paid_at is not None and bool(order.email),
        do=send_receipt_again,
        one_press=True,
        done="The receipt is on its way to the buyer.",
    ),
    StaffAction(
        name="correct-address",
        label="Correct the email address…",
        permission=CORRECT,
        when=lambda order: not order.is_erased,
        asks="Whoever got the mails so far can no longer open the order: its link changes, the license key is replaced,"
        " and both are mailed to the new address. Make sure that you are talking to the buyer: at PayPal, the order's"
        " transaction shows the payer's address. Knowing the order's number or its date proves nothing: whoever got the"
        " mails has read them there.",
        form=AddressForm,
        template="shop/admin/correct_address.html",
        asks_again=True,
        do=correct_address,
        done=_corrected,
    ),
    StaffAction(
        name="reset-downloads",
        label="Allow the downloads again",
        permission="shop.reset_downloads",
        when=lambda order: order.is_delivered and order.downloads > 0,
        do=reset_downloads,
        one_press=True,
        done="The downloads are counted from 0 again. The buyer is not notified.",
    ),
    StaffAction(
        name="end-license",
        label="End license and downloads…",
        permission=REISSUE,
        when=lambda order: order.is_delivered,
        asks="The license key stops working and the downloads end. No money moves, and the buyer is not notified. You"
        " can restore both later.",
        asks_again=True,
        is_final=True,
        do=end_delivery,
        done="License and downloads have ended.",
    ),
    StaffAction(
        name="restore-license",
        label="Restore license and downloads…",
        permission=REISSUE,
        when=may_be_restored,
        asks="The license key works again and the downloads open, although the order was refunded or had been ended."
        " A buyer who has a license key is notified.",
        asks_again=True,
        do=restore_delivery,
        done="License and downloads work again.",
    ),
    StaffAction(
        name="send-again",
        label="Send again",
        permission=CORRECT,
        when=lambda order: not order.is_erased,
        form=SendAgainForm,
        one_press=True,
        do=send_mail_again,
        done=_again,
    ),
    StaffAction(
        name="add-note",
        label="Add a note",
        permission=ADD_NOTE,
        when=lambda order: not order.is_erased,
        form=NoteForm,
        do=add_note,
        done="The note was added.",
    ),
)
