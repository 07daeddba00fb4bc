"""Answering a request: with an archive, a deletion, an opt-out, a text, or a refusal."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction

from privacy.admin_base.refusals import ActionRefused
from privacy.consent.opt_outs import suppress
from privacy.encryption.tokens import generate_token, hash_token
from privacy.erasure.consequences import refuse_if_prevented, usable_purchases
from privacy.erasure.erase import erase_person
from privacy.erasure.erased_rows import refuse_text_about_erased

from ..mails import REQUEST_ANSWERED, REQUEST_ARCHIVE
from ..models import AccessArchive, PrivacyRequest, Suppression
from .archive import build_archive
from .base import Kind, Outcome, audited, close, locked, require_email, require_verified_identity, tell
from .deletion_report import DeletionReport, read_report, write_report

ARCHIVE_LIFE = timedelta(days=7)


@transaction.atomic
def answer_with_archive(
    *, request: PrivacyRequest, token: str, now: datetime, actor: AbstractBaseUser | None = None
) -> None:
    """Creates the archive, to be downloaded with this token."""
    request = _ready(request, Kind.ACCESS)
    close(request, now=now, actor=actor)
    AccessArchive.objects.create(
        request=request,
        content=build_archive(email=require_email(request), now=now),
        link_digest=hash_token(token),
        expires_at=now + ARCHIVE_LIFE,
    )
    audited("answered", request, actor)


@transaction.atomic
def mail_archive(*, request: PrivacyRequest, now: datetime, actor: AbstractBaseUser) -> None:
    """For staff: creates the archive and mails its link to the person. Staff don't see the token."""
    token = generate_token()
    tell(_ready(request, Kind.ACCESS), REQUEST_ARCHIVE, token=token)
    answer_with_archive(request=request, token=token, now=now, actor=actor)


@transaction.atomic
def open_archive(*, request: PrivacyRequest, now: datetime, actor: AbstractBaseUser) -> bytes:
    """The archive for staff to print and send by letter. The request stays open until then (`mark_sent_by_letter`)."""
    request = _ready(request, Kind.ACCESS)
    content = build_archive(email=require_email(request), now=now)
    audited("archive_opened", request, actor)
    return content


@transaction.atomic
def mark_sent_by_letter(*, request: PrivacyRequest, now: datetime, actor: AbstractBaseUser) -> None:
    """Marks the archive as sent by letter."""
    request = _ready(request, Kind.ACCESS)
    close(request, now=now, actor=actor)
    audited("answered", request, actor)


@transaction.atomic
def answer_with_deletion(
    *,
    request: PrivacyRequest,
    keep_usable: bool,
    now: datetime,
    token: str = "",
    actor: AbstractBaseUser | None = None,
) -> None:
    """Erases the person. The request's record stays, without the address.

    The report is available for seven days with this token, and to staff if they did it. It isn't mailed, because that
    would store the address again. Raises `DeletionPrevented`.
    """
    request = _ready(request, Kind.DELETION)
    email = require_email(request)
    refuse_if_prevented(email)
    usable = usable_purchases(email)
    close(request, now=now, actor=actor)
    report = erase_person(email=email, keep_usable=keep_usable, actor=actor)
    AccessArchive.objects.create(
        request=request,
        content=write_report(report, usable, keep_usable=keep_usable),
        link_digest=hash_token(token or generate_token()),
        expires_at=now + ARCHIVE_LIFE,
    )
    audited("answered", request, actor)


@transaction.atomic
def archive_before_deletion(*, request: PrivacyRequest, now: datetime) -> bytes:
    """The archive for a person about to be erased, for immediate download. It isn't stored."""
    content = build_archive(email=require_email(request), now=now)
    audited("archive_opened", request, None)
    return content


@transaction.atomic
def answer_with_opt_out(*, request: PrivacyRequest, now: datetime, actor: AbstractBaseUser | None = None) -> None:
    request = _ready(request, Kind.STOP_CONTACT, known=False)
    suppress(require_email(request), source=Suppression.Source.REQUEST)
    close(request, now=now, actor=actor)
    audited("answered", request, actor)


@transaction.atomic
def answer_with_text(
    *, request: PrivacyRequest, text: str, now: datetime, actor: AbstractBaseUser, ground: str = ""
) -> bool:
    """Answers with a text. Returns whether it was mailed. With a ground, the request was partially refused."""
    request = locked(request)
    refuse_text_about_erased(request, text)
    request.answer = text
    request.save(update_fields=["answer"])
    mailed = tell(request, REQUEST_ANSWERED, text=text, ground=_words(ground))
    close(request, now=now, actor=actor, outcome=Outcome.PARTLY if ground else Outcome.ANSWERED, ground=ground)
    audited("answered", request, actor)
    return mailed


@transaction.atomic
def refuse_request(*, request: PrivacyRequest, ground: str, text: str, now: datetime, actor: AbstractBaseUser) -> bool:
    """Refuses on a legal ground. The mail states it and how to complain. Returns whether it was mailed."""
    request = locked(request)
    refuse_text_about_erased(request, text)
    request.answer = text
    request.save(update_fields=["answer"])
    mailed = tell(request, REQUEST_ANSWERED, text=text, ground=_words(ground), refused=True)
    close(request, now=now, actor=actor, outcome=Outcome.REFUSED, ground=ground)
    audited("refused", request, actor)
    return mailed


def archive_behind(token: str, *, now: datetime) -> AccessArchive | None:
    return _answer_behind(token, Kind.ACCESS, now)


def report_behind(token: str, *, now: datetime) -> DeletionReport | None:
    """The deletion report, for its person."""
    answer = _answer_behind(token, Kind.DELETION, now)
    return read_report(answer) if answer else None


def report_for_staff(request: PrivacyRequest, *, now: datetime) -> DeletionReport | None:
    """The deletion report for staff, unless the person confirmed the request by link, and saw it there."""
    by_staff = AccessArchive.objects.live(now).filter(request=request, request__kind=Kind.DELETION)
    answer = by_staff.exclude(request__identity=PrivacyRequest.Identity.LINK).first()
    return read_report(answer) if answer else None


def _answer_behind(token: str, kind: str, now: datetime) -> AccessArchive | None:
    answers = AccessArchive.objects.live(now).filter(request__kind=kind)
    found: AccessArchive | None = answers.filter(link_digest=hash_token(token)).select_related("request").first()
    return found


def _ready(request: PrivacyRequest, kind: str, *, known: bool = True) -> PrivacyRequest:
    """The locked request, if this answer is possible. Raises `ActionRefused`."""
    request = locked(request)
    if request.kind != kind:
        raise ActionRefused("This request is of another kind.")
    if known:
        require_verified_identity(request)
    return request


def _words(ground: str) -> str:
    return PrivacyRequest.Ground(ground).label if ground else ""
