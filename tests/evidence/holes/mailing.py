"""What leaves: mail, calls and letters, and who asked for them."""

from __future__ import annotations

from typing import Any

from ..mutations import around, breaks, swap


@breaks("opt-out", "phone-purpose", "postal-purpose")
def a_wish_to_be_left_alone_is_ignored() -> None:
    from privacy.consent import contact_permission as permissions

    swap(permissions._check_wish, lambda contact, opt_outs: None)


@breaks("opt-out")
def the_gate_is_not_asked_when_mail_leaves() -> None:
    """The opt-out was looked up when a message was written; whoever opted out before it left got it all the same."""
    from privacy.mail import sending

    former = sending._send

    def send(row: Any, kind: Any) -> None:
        with sending.mail_connection() as connection:
            sending._hand_over(sending._message(row, kind), connection)

    swap(former, send)


@breaks("email-for-asked-contact-only")
def mail_leaves_past_the_gate() -> None:
    """An app sent mail by itself: nobody had asked for it, and no purpose was named."""
    from django.core.mail import EmailMessage

    from contacts.inquiries import workflow
    from privacy.mail.sending import mail_connection

    former = workflow.receive_inquiry

    def receive(*, inquiry: Any, held: bool = False) -> Any:
        received = former(inquiry=inquiry, held=held)
        headers = {"Message-ID": "<news@example.org>"}  # Django would ask the network for this machine's name
        news = EmailMessage("News", "We have something new for you.", None, [inquiry.email], headers=headers)
        mail_connection().send_messages([news])
        return received

    swap(former, receive)


@breaks("email-for-asked-contact-only")
def what_a_stranger_typed_is_mailed() -> None:
    """The confirmation repeated the message, so that anybody could write to anybody in our name."""
    from privacy.mail import sending

    def render(former: Any, kind: Any, part: str, variables: Any) -> str:
        text = str(former(kind, part, variables))
        typed = getattr(getattr(variables["about"], "_row", None), "message", "")
        return f"{text}\n{typed}" if part == "txt" and kind.template == "contacts/inquiry_received" else text

    around(sending, "_render", render)


@breaks("phone-purpose")
def any_call_is_logged() -> None:
    _unless_about_the_same("PHONE")


@breaks("postal-purpose")
def any_letter_is_logged() -> None:
    _unless_about_the_same("LETTER")


def _unless_about_the_same(channel_name: str) -> None:
    """What was given for one purpose served another."""
    from contacts.inquiries import contact_permission
    from privacy.registry.purposes import Channel

    def check(former: Any, inquiry: Any, channel: Any, purpose: Any) -> None:
        former(inquiry, channel, inquiry.purpose if channel == Channel[channel_name] else purpose)

    around(contact_permission, "_check", check)


@breaks("phone-purpose")
def the_call_list_shows_numbers_whose_time_is_over() -> None:
    """The list was of everybody who ever left a number, with what it was given for left out."""
    from privacy.consent import contact_lists
    from privacy.consent import contact_permission as permissions
    from privacy.registry.purposes import Channel

    def allowed(former: Any, contacts: Any) -> Any:
        everybody = permissions.Permission(True, "why not")
        for contact, found in zip(contacts, former(contacts), strict=True):
            yield everybody if contact.channel == Channel.PHONE else found

    around(contact_lists, "permissions_for", allowed)


@breaks("contactable")
def a_message_beyond_the_limit_is_lost() -> None:
    """A limit decided what is received, not only what is mailed."""
    from contacts.inquiries import views

    def receive(former: Any, *, inquiry: Any, held: bool = False) -> Any:
        return inquiry if held else former(inquiry=inquiry, held=held)

    around(views, "receive_inquiry", receive)


@breaks("contactable")
def a_message_is_mailed_and_not_stored() -> None:
    """The form wrote a mail and kept nothing: while the mail server was down, messages were lost."""
    from contacts.inquiries import views

    def receive(former: Any, *, inquiry: Any, held: bool = False) -> Any:
        return inquiry if inquiry.kind == inquiry.Kind.COMPLAINT else former(inquiry=inquiry, held=held)

    around(views, "receive_inquiry", receive)
