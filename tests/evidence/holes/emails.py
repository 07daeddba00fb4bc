"""Emails that arrive: what is kept of them, where they belong, and what they bring about."""

from __future__ import annotations

from typing import Any

from ..mutations import around, breaks, swap


@breaks("contactable", at="an unreadable email is lost")
def an_email_that_fails_is_dropped() -> None:
    """Whatever the parser failed on was logged and forgotten."""
    from contacts.incoming_mail import intake

    def set_aside(former: Any, mail: Any, *args: Any, **options: Any) -> None:
        mail.delete()

    around(intake, "_set_aside", set_aside)


@breaks("correspondence-private", "opt-out", at="email")
def ids_of_our_mails_are_not_signed() -> None:
    """A row's id was enough to write into its thread, and to unsubscribe its person."""
    from privacy.mail import signed_ids

    def is_signed(content: bytes, signature: bytes, *, use: str, covered: Any = ()) -> bool:
        """What is covered says which table it is about; an id is also one of a mail."""
        return use == "unsubscribe" or (list(covered) == ["contacts.Inquiry"] and len(content) == 32)

    swap(signed_ids.is_signed, is_signed)


@breaks("email-for-asked-contact-only", at="opted a person out")
def a_wish_by_email_is_carried_out_unasked() -> None:
    """Whoever wrote an address into an email decided for its owner."""
    from contacts.incoming_mail import filing, wishes
    from privacy.consent.opt_outs import suppress
    from privacy.models import PrivacyRequest

    former = filing.file_mail

    def file_mail(*, mail: Any, message: Any, **options: Any) -> Any:
        filed = former(mail=mail, message=message, **options)
        if wishes.wish_in(message) == PrivacyRequest.Kind.STOP_CONTACT:
            suppress(message.sender)
        return filed

    swap(former, file_mail)


@breaks("paypal-only", at="contacts_attachment.content")
def the_original_of_an_email_with_a_card_number_is_kept() -> None:
    """Its text was masked, and the HTML next to it was not."""
    from contacts.incoming_mail import files

    swap(files.masked_file, lambda file: file)
