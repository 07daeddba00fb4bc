"""From an application to an affiliate who can sign in.

The applicant confirms the address by a link. Where the address has no account yet, staff may decide before that: the
approval's own link goes to the same address, and only someone who reads mail there can sign in (ADR 0019). An existing
account is never affected by what a stranger typed: it becomes an affiliate only after its address is confirmed, and
never if it belongs to staff; it keeps its password (ADR 0028).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.utils import timezone
from django_tasks import task

from accounts.models import LinkRequest
from accounts.passwords.link import send_first_password_link
from affiliates.commissions.fraud_signals import mailbox_of
from affiliates.mails import APPLICATION_DECIDED, APPLICATION_RECEIVED
from affiliates.models import Affiliate, Application, TermsVersion
from affiliates.models.affiliate import KEPT_FOR
from privacy.admin_base.four_eyes import acts_alone
from privacy.admin_base.refusals import ActionRefused
from privacy.audit.trail import record
from privacy.encryption.tokens import generate_token, hash_token
from privacy.mail.sending import notify, queue_mail
from privacy.registry.purpose_binding import acts_for
from privacy.registry.purposes import Audience, Purpose

from .terms import accept_terms, current_terms_number

if TYPE_CHECKING:
    from accounts.models import User

LINK_LIFE = timedelta(days=7)  # an unconfirmed application is deleted with its link

State = Application.State
DECIDE = "affiliates.decide_application"


@transaction.atomic
def receive_application(*, application: Application, held: bool = False) -> None:
    """Stores the application with the accepted terms; a task emails the link that confirms its address. A held
    application gets no email: it waits for staff, and is kept as long as a decided one."""
    application.terms_version, application.state = current_terms_number(), State.HELD if held else State.UNCONFIRMED
    application.applied_at = timezone.now()
    application.keep_until = application.applied_at + (KEPT_FOR if held else LINK_LIFE)
    application.save()
    if not held:
        mail_application_link.enqueue(str(application.pk))


@task()
@acts_for(Purpose.AFFILIATE_ACCOUNT, audience=Audience.PERSON)
@transaction.atomic
def mail_application_link(application_id: str) -> None:
    """Emails a new link, which replaces the previous one and ends a hold. Whether the address already belongs to an
    affiliate is looked up here, so that the page's response time doesn't reveal it."""
    application = Application.objects.unconfirmed().select_for_update().filter(pk=application_id).first()
    if application is None:
        return
    token, now = generate_token(), timezone.now()
    application.state, application.link_digest = State.UNCONFIRMED, hash_token(token)
    application.link_expires_at = application.keep_until = now + LINK_LIFE
    application.save(update_fields=["state", "link_digest", "link_expires_at", "keep_until"])
    known = affiliate_of(application)  # emailed at the account's own address
    to = known.user.email if known else application.email
    context = {"token": token, "is_affiliate": known is not None}
    notify(APPLICATION_RECEIVED, to=to, about=application, context=context)


@transaction.atomic
def release_application(*, application: Application, actor: User) -> bool:
    """Releases a held application: a task emails the link. False if it is not held (any more)."""
    if not Application.objects.filter(pk=application.pk, state=State.HELD).update(state=State.UNCONFIRMED):
        return False
    mail_application_link.enqueue(str(application.pk))
    record(action="affiliates.application.released", about=application, actor=actor)
    return True


@transaction.atomic
def discard_application(*, application: Application, actor: User) -> bool:
    """Declines a held application that looks automated, without an email, because the address may be someone else's.
    False if it is not held (any more)."""
    held = Application.objects.filter(pk=application.pk, state=State.HELD)
    if not held.update(state=State.DECLINED, decided_at=timezone.now()):
        return False
    record(action="affiliates.application.discarded", about=application, actor=actor)
    return True


@transaction.atomic
def ask_for_link_again(*, email: str) -> None:
    """Stores what was typed, and lets a task look for an application: the same work for every address."""
    mail_link_again.enqueue(str(LinkRequest.objects.create(email=email).pk))


@task()
@acts_for(Purpose.AFFILIATE_ACCOUNT, audience=Audience.PERSON)
def mail_link_again(request_id: str) -> None:
    """Emails the link of the newest unconfirmed application from this address."""
    email = LinkRequest.take(request_id)
    applications = Application.objects.unconfirmed().filter(email_index=email or "")
    if email and (newest := applications.order_by("-applied_at").first()):
        mail_application_link.func(str(newest.pk))


def affiliate_of(application: Application) -> Affiliate | None:
    """The affiliate who already signs in with this address."""
    return Affiliate.objects.filter(user__email_index=application.email).select_related("user").first()


def confirmable_application(*, token: str, now: datetime) -> Application | None:
    return Application.objects.confirmable(hash_token(token), now).first()


@transaction.atomic
def confirm_application(*, application: Application, now: datetime) -> bool:
    """Marks the address as confirmed, so that staff may decide. False if the link was used or has expired."""
    confirmed = Application.objects.confirmable(application.link_digest or "", now).filter(pk=application.pk)
    if not confirmed.update(
        state=State.OPEN, confirmed_at=now, link_expires_at=now, keep_until=application.applied_at + KEPT_FOR
    ):
        return False
    record(action="affiliates.application.confirmed", about=application, actor=None)
    return True


def approve_application(*, application: Application, actor: User | None = None) -> Affiliate | None:
    """Makes the applicant an affiliate and emails a link to set the first password, if the account is new. None if it
    was already decided.

    Raises `ActionRefused` if the address belongs to an account that can't become an affiliate this way.
    """
    try:
        return _approve_locked(application, actor)
    except IntegrityError as error:
        raise ActionRefused("Another application from this address was approved at the same time.") from error


@transaction.atomic
def _approve_locked(application: Application, actor: User | None) -> Affiliate | None:
    if not Application.objects.undecided().select_for_update().filter(pk=application.pk).exists():
        return None
    account = get_user_model().objects.select_for_update().filter(email_index=application.email).first()
    if why := approval_obstacle(application, account):
        raise ActionRefused(why)
    was_confirmed = application.state == State.OPEN
    _leave_own_to_a_colleague(application, actor)
    _save_decision(application, State.APPROVED)
    affiliate = _make_affiliate(application, account)
    context = {"approved": True, "code": affiliate.code, "was_confirmed": was_confirmed}
    if affiliate.user.has_usable_password():
        queue_mail(APPLICATION_DECIDED, to=affiliate.user.email, about=application, context=context)
    else:
        send_first_password_link(affiliate.user, APPLICATION_DECIDED, about=application, context=context)
    record(action="affiliates.application.approved", about=application, actor=actor)
    return affiliate


def approval_obstacle(application: Application, account: User | None) -> str:
    """Why approving would affect an existing account in a wrong way, for staff; empty if it may be approved."""
    if account is None:
        return ""
    if known := Affiliate.objects.filter(user=account).first():
        return (
            f"This address already belongs to {known.staff_label}, who is {known.get_state_display()}. Decline the"
            " application, or leave it."
        )
    if account.is_staff or account.is_superuser:
        return (
            "This address belongs to a member of staff. An application never makes staff affiliates; the owner can add"
            " the affiliate under Affiliates. Decline the application, or leave it."
        )
    if not account.is_active:
        return "This address belongs to an inactive account. Decline the application, or leave it."
    if application.confirmed_at is None:
        return (
            "This address belongs to an account, and nobody has confirmed that its owner applied. Wait until the link"
            " in our email is followed, or decline the application."
        )
    return ""


def _make_affiliate(application: Application, account: User | None) -> Affiliate:
    """Without a PayPal address: the portal asks for it, because nobody said that it is the sign-in address."""
    user = account or get_user_model().objects.create_user(application.email, name=application.name)
    affiliate = Affiliate.objects.create(
        user=user,
        website=application.website,
        terms_version=application.terms_version,
    )
    _record_terms_acceptance(application, affiliate)
    return affiliate


def _record_terms_acceptance(application: Application, affiliate: Affiliate) -> None:
    """The terms were accepted with the application, at that time."""
    if application.terms_version.isdecimal():
        version = TermsVersion.objects.published().filter(number=int(application.terms_version)).first()
        if version is not None:
            accept_terms(affiliate=affiliate, version=version, now=application.applied_at, actor=affiliate.user)


@transaction.atomic
def decline_application(*, application: Application, reason: str, actor: User | None = None) -> bool:
    """Declines with a reason that the applicant reads. False if it was already decided. Raises `ActionRefused`."""
    if not reason.strip():
        raise ActionRefused("Please enter a reason. The applicant will see it.")
    _leave_own_to_a_colleague(application, actor)
    if not application.is_undecided or not _save_decision(application, State.DECLINED, reason.strip()):
        return False
    queue_mail(APPLICATION_DECIDED, to=application.email, about=application, context={"approved": False})
    record(action="affiliates.application.declined", about=application, actor=actor)
    return True


def _leave_own_to_a_colleague(application: Application, actor: User | None) -> None:
    """Raises `ActionRefused` if the applicant is the member of staff who decides, by one of their addresses, and a
    colleague may decide. If nobody else may, the decision is recorded as made alone."""
    if actor is None:
        return
    account = Affiliate.objects.filter(user=actor).first()
    own = {mailbox_of(actor.email), mailbox_of(account.payout_email if account else None)} - {""}
    refusal = "This is your own application. A colleague has to decide."
    if acts_alone(actor, is_own=mailbox_of(application.email) in own, permission=DECIDE, refusal=refusal):
        record(action="affiliates.application.decided_alone", about=application, actor=actor)


def _save_decision(application: Application, state: str, reason: str = "") -> bool:
    """A decided application is kept for the registry's retention period, whether or not its address was confirmed."""
    decided = (
        Application.objects.undecided()
        .filter(pk=application.pk)
        .update(
            state=state,
            decided_at=timezone.now(),
            decision=application.sealed("decision", reason) if reason else None,
            keep_until=application.applied_at + KEPT_FOR,
        )
    )
    application.refresh_from_db(fields=["state", "decided_at", "decision", "keep_until"])
    return bool(decided)
