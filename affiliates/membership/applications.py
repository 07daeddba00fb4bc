"""From an application to an affiliate with a sign-in.

Whoever applies confirms the address by a link. Staff may decide before that where the address has no account yet: the
approval's own link goes to the same address, and only who reads mail there can sign in (ADR 0019). An account that
exists is never reached by what a stranger typed: it becomes an affiliate only when its address is confirmed and it is
not staff's, and it keeps its password (ADR 0028).
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.utils import timezone
from django_tasks import task

from accounts.models import LinkRequest
from accounts.passwords.link import send_first_password_link
from affiliates.mails import APPLICATION_DECIDED, APPLICATION_RECEIVED
from affiliates.models import Affiliate, Application, TermsVersion
from affiliates.models.affiliate import KEPT_FOR
from privacy.audit.trail import record
from privacy.encryption.tokens import digest_of, new_link_token
from privacy.mail.sending import MailRefused, queue_mail
from privacy.registry.purpose_binding import acts_for
from privacy.registry.purposes import Audience, Purpose

from .terms import accept_terms, number_now

if TYPE_CHECKING:
    from accounts.models import User

LINK_LIFE = timedelta(days=7)  # an application that nobody confirms goes with its link

State = Application.State


class DecisionRefused(Exception):
    """The application can't be decided like this; the text tells staff why."""


@transaction.atomic
def receive_application(*, application: Application, held: bool = False) -> None:
    """Stores the application with the terms that were accepted; a task mails the link that confirms its address. One
    that is held gets no mail: it waits for staff, as long as one that is decided is kept."""
    application.terms_version, application.state = number_now(), State.HELD if held else State.UNCONFIRMED
    application.applied_at = timezone.now()
    application.keep_until = application.applied_at + (KEPT_FOR if held else LINK_LIFE)
    application.save()
    if not held:
        mail_application_link.enqueue(str(application.pk))


@task()
@acts_for(Purpose.AFFILIATE_ACCOUNT, audience=Audience.PERSON)
@transaction.atomic
def mail_application_link(application_id: str) -> None:
    """A new link; the one before it ends, and so does a hold. Looks up here, not in the page's time, who is an
    affiliate already."""
    application = Application.objects.unconfirmed().select_for_update().filter(pk=application_id).first()
    if application is None:
        return
    token, now = new_link_token(), timezone.now()
    application.state, application.link_digest = State.UNCONFIRMED, digest_of(token)
    application.link_expires_at = application.keep_until = now + LINK_LIFE
    application.save(update_fields=["state", "link_digest", "link_expires_at", "keep_until"])
    known = affiliate_of(application)  # is told at the address of the account, not at the typed one
    to = known.user.email if known else application.email
    context = {"token": token, "is_affiliate": known is not None}
    with suppress(MailRefused):  # nobody waits at a page who could be told
        queue_mail(APPLICATION_RECEIVED, to=to, about=application, context=context)


@transaction.atomic
def release_application(*, application: Application, by: User) -> bool:
    """It is a person's: it goes its normal way, and a task mails the link. False when it is not held (any more)."""
    if not Application.objects.filter(pk=application.pk, state=State.HELD).update(state=State.UNCONFIRMED):
        return False
    mail_application_link.enqueue(str(application.pk))
    record(action="affiliates.application.released", about=application, actor=by)
    return True


@transaction.atomic
def discard_application(*, application: Application, by: User) -> bool:
    """It is a program's: declined, and nobody is mailed, because the address may be somebody else's. False when it is
    not held (any more)."""
    held = Application.objects.filter(pk=application.pk, state=State.HELD)
    if not held.update(state=State.DECLINED, decided_at=timezone.now()):
        return False
    record(action="affiliates.application.discarded", about=application, actor=by)
    return True


@transaction.atomic
def ask_for_link_again(*, email: str) -> None:
    """Stores what was typed, and has a task look whether somebody applied with it: the same work for every address."""
    mail_link_again.enqueue(str(LinkRequest.objects.create(email=email).pk))


@task()
@acts_for(Purpose.AFFILIATE_ACCOUNT, audience=Audience.PERSON)
def mail_link_again(request_id: str) -> None:
    """For the newest application of this address that is not confirmed."""
    email = LinkRequest.take(request_id)
    applications = Application.objects.unconfirmed().filter(email_index=email or "")
    if email and (newest := applications.order_by("-applied_at").first()):
        mail_application_link.func(str(newest.pk))


def affiliate_of(application: Application) -> Affiliate | None:
    """Whoever signs in with this address already."""
    return Affiliate.objects.filter(user__email_index=application.email).first()


def confirmable_application(*, token: str, now: datetime) -> Application | None:
    return Application.objects.confirmable(digest_of(token), now).first()


@transaction.atomic
def confirm_application(*, application: Application, now: datetime) -> bool:
    """The address is its person's: staff may decide. False when the link was used or ended meanwhile."""
    confirmed = Application.objects.confirmable(application.link_digest or "", now).filter(pk=application.pk)
    if not confirmed.update(
        state=State.OPEN, confirmed_at=now, link_expires_at=now, keep_until=application.applied_at + KEPT_FOR
    ):
        return False
    record(action="affiliates.application.confirmed", about=application, actor=None)
    return True


def approve_application(*, application: Application, by: User | None = None) -> Affiliate | None:
    """Makes the applicant an affiliate; a new account is mailed the link to its first password. None when it was
    decided before.

    Raises `DecisionRefused` where the address belongs to an account that may not become an affiliate in this way.
    """
    try:
        return _approve(application, by)
    except IntegrityError as error:
        raise DecisionRefused("Another application from this address was approved at the same moment.") from error


@transaction.atomic
def _approve(application: Application, by: User | None) -> Affiliate | None:
    if not Application.objects.undecided().select_for_update().filter(pk=application.pk).exists():
        return None
    account = get_user_model().objects.select_for_update().filter(email_index=application.email).first()
    if why := why_not_approve(application, account):
        raise DecisionRefused(why)
    was_confirmed = application.state == State.OPEN
    _decide(application, State.APPROVED)
    affiliate = _make_affiliate(application, account)
    context = {"approved": True, "code": affiliate.code, "was_confirmed": was_confirmed}
    if affiliate.user.has_usable_password():
        queue_mail(APPLICATION_DECIDED, to=affiliate.user.email, about=application, context=context)
    else:
        send_first_password_link(affiliate.user, APPLICATION_DECIDED, about=application, context=context)
    record(action="affiliates.application.approved", about=application, actor=by)
    return affiliate


def why_not_approve(application: Application, account: User | None) -> str:
    """What staff are told where approving would reach into an account that exists; empty where it may be approved."""
    if account is None:
        return ""
    if known := Affiliate.objects.filter(user=account).first():
        return (
            f"This address belongs to {known} already, who is {known.get_state_display()}. Decline the application, or"
            " leave it."
        )
    if account.is_staff or account.is_superuser:
        return (
            "This address belongs to a member of staff. An application never turns staff into affiliates: the owner can"
            " add the affiliate under Affiliates. Decline the application, or leave it."
        )
    if not account.is_active:
        return "This address belongs to an account that is switched off. Decline the application, or leave it."
    if application.confirmed_at is None:
        return (
            "This address belongs to an account, and nobody has confirmed that its owner applied. Wait until somebody"
            " follows the link in our mail, or decline the application."
        )
    return ""


def _make_affiliate(application: Application, account: User | None) -> Affiliate:
    """Paid at the address of the account until the affiliate names another one."""
    user = account or get_user_model().objects.create_user(application.email, name=application.name)
    affiliate = Affiliate.objects.create(
        user=user,
        payout_email=user.email,
        website=application.website,
        terms_version=application.terms_version,
    )
    _take_over_acceptance(application, affiliate)
    return affiliate


def _take_over_acceptance(application: Application, affiliate: Affiliate) -> None:
    """The terms were accepted with the application, at its moment."""
    if application.terms_version.isdecimal():
        version = TermsVersion.objects.published().filter(number=int(application.terms_version)).first()
        if version is not None:
            accept_terms(affiliate=affiliate, version=version, now=application.applied_at, by=affiliate.user)


@transaction.atomic
def decline_application(*, application: Application, reason: str, by: User | None = None) -> bool:
    """Says no, with a reason that the applicant reads. False when it was decided before. Raises `DecisionRefused`."""
    if not reason.strip():
        raise DecisionRefused("Please write the reason: the applicant reads it.")
    if not application.is_undecided or not _decide(application, State.DECLINED, reason.strip()):
        return False
    queue_mail(APPLICATION_DECIDED, to=application.email, about=application, context={"approved": False})
    record(action="affiliates.application.declined", about=application, actor=by)
    return True


def _decide(application: Application, state: str, reason: str = "") -> bool:
    """A decided application is kept for the time that the registry names, whether or not its address was confirmed."""
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
