"""Who is who: look-alike addresses, existing accounts, and answers to what somebody typed."""

from __future__ import annotations

from typing import Any

from ..mutations import around, breaks, put, swap


@breaks("correspondence-private")
def look_alike_addresses_share_an_index() -> None:
    """`straße` was `strasse`: whoever owned one domain got the other's archive (ADR 24)."""
    from privacy.encryption import normalization

    swap(normalization.normalize_email, normalization.former_normal_form)


@breaks("correspondence-private")
def an_access_request_is_answered_for_a_look_alike() -> None:
    """The address was compared after everything beyond ASCII had been folded, and the link went to the typed one."""
    from contacts.models import Inquiry
    from privacy.registry import declarations

    def rows_of(former: Any, declaration: Any, email: str) -> Any:
        found = former(declaration, email)
        typed = email.replace("ß", "ss").casefold()
        if declaration.model is not Inquiry:
            return found
        rows = declaration.model._base_manager
        return rows.filter(
            pk__in=[row.pk for row in rows.all() if (row.email or "").replace("ß", "ss").casefold() == typed]
        )

    around(declarations.PersonalData, "rows_of", rows_of)


@breaks("email-for-asked-contact-only")
def a_password_link_goes_to_the_typed_address() -> None:
    """A look-alike of an account's address was typed, and the link went there."""
    from accounts.mails import PASSWORD_RESET
    from accounts.models import LinkRequest, User
    from privacy.encryption.normalization import former_normal_form, normalize_email
    from privacy.mail import sending
    from privacy.models.typed_address import TypedAddress

    take: Any = vars(TypedAddress)["take"].__func__
    typed: list[str] = []

    def remember(cls: Any, key: str) -> Any:
        email = take(cls, key)
        typed[:] = [email or ""]
        return email

    def with_email(self: Any, email: str) -> Any:
        return next((u for u in self.all() if former_normal_form(u.email or "") == former_normal_form(email)), None)

    def queue_mail(former: Any, kind: Any, *, to: str, **options: Any) -> Any:
        if kind is not PASSWORD_RESET or [former_normal_form(to)] != [*map(former_normal_form, typed)]:
            return former(kind, to=to, **options)
        put(sending, "normalize_email", former_normal_form)
        try:
            return former(kind, to=typed.pop(), **options)
        finally:
            put(sending, "normalize_email", normalize_email)

    put(LinkRequest, "take", classmethod(remember))
    put(type(User.objects), "with_email", with_email)
    former = sending.queue_mail
    swap(former, lambda *args, **options: queue_mail(former, *args, **options))


@breaks("correspondence-private", at="an application with the address")
def an_application_reaches_an_existing_account() -> None:
    """Approving it mailed a password link to whatever account has the address: a stranger became superuser."""
    from accounts.mails import PASSWORD_RESET
    from accounts.passwords import link
    from affiliates.membership import applications
    from privacy.mail.sending import queue_mail

    def send(user: Any, kind: Any = PASSWORD_RESET, *, about: Any = None, context: Any = None) -> None:
        queue_mail(kind, to=user.email, about=about or user, context={**(context or {}), **link._link(user)})

    swap(applications.approval_obstacle, lambda application, account: "")
    swap(link.send_first_password_link, send)


@breaks("email-for-asked-contact-only")
def an_answer_goes_to_the_typed_address() -> None:
    """The answer went to the address as somebody had typed it, not to the one that is stored."""
    from privacy.mail import stored_addresses

    former = stored_addresses.stored_address
    swap(former, lambda email: email if former(email) else None)
