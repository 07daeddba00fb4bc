"""How a request ends: with the archive, the deletion, the opt-out, a text, or a refusal with its ground."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction

from ..access import build_archive
from ..erasure import ErasureLine, erase_person
from ..links import digest_of, new_link_token
from ..mails import REQUEST_ANSWERED, REQUEST_ARCHIVE
from ..models import AccessArchive, PrivacyRequest, Suppression
from ..opt_out import suppress
from .steps import Kind, Outcome, RequestRefused, audited, close, locked, require_email, require_known, tell

ARCHIVE_LIFE = timedelta(days=7)


@transaction.atomic
def answer_with_archive(
    *, request: PrivacyRequest, now: datetime, actor: AbstractBaseUser | None = None, mailed: bool = False
) -> str:
    """Makes the archive and returns the token of the link that fetches it; `mailed` sends that link."""
    request = _ready(request, Kind.ACCESS)
    token = new_link_token()
    close(request, now=now, actor=actor)
    AccessArchive.objects.create(
        request=request,
        content=build_archive(email=require_email(request), now=now),
        link_digest=digest_of(token),
        expires_at=now + ARCHIVE_LIFE,
    )
    if mailed:
        tell(request, REQUEST_ARCHIVE, token=token)
    audited("answered", request, actor)
    return token


def mail_archive(*, request: PrivacyRequest, now: datetime, actor: AbstractBaseUser) -> None:
    """For staff: makes the archive and mails its link. The token is seen by nobody else."""
    answer_with_archive(request=request, now=now, actor=actor, mailed=True)


@transaction.atomic
def open_archive(*, request: PrivacyRequest, now: datetime, actor: AbstractBaseUser) -> bytes:
    """The archive for staff to print and send by letter. The request stays open until that is done (`hand_over`)."""
    request = _ready(request, Kind.ACCESS)
    content = build_archive(email=require_email(request), now=now)
    audited("archive_opened", request, actor)
    return content


@transaction.atomic
def hand_over(*, request: PrivacyRequest, now: datetime, actor: AbstractBaseUser) -> None:
    """Marks that the archive went out by letter."""
    request = _ready(request, Kind.ACCESS)
    close(request, now=now, actor=actor)
    audited("answered", request, actor)


@transaction.atomic
def answer_with_deletion(
    *, request: PrivacyRequest, now: datetime, actor: AbstractBaseUser | None = None
) -> list[ErasureLine]:
    """Erases the person. The record of the request itself stays, without the address.

    The report is returned and mailed to nobody: a message that waits would keep the address that was just deleted.
    """
    request = _ready(request, Kind.DELETION)
    email = require_email(request)
    close(request, now=now, actor=actor)
    report = erase_person(email=email, actor=actor)
    audited("answered", request, actor)
    return report


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
    """Answers in words, mailed where an address is known (returned). With a ground, a part was refused."""
    request = locked(request)
    request.answer = text
    request.save(update_fields=["answer"])
    mailed = tell(request, REQUEST_ANSWERED, text=text, ground=_words(ground))
    close(request, now=now, actor=actor, outcome=Outcome.PARTLY if ground else Outcome.ANSWERED, ground=ground)
    audited("answered", request, actor)
    return mailed


@transaction.atomic
def refuse_request(*, request: PrivacyRequest, ground: str, text: str, now: datetime, actor: AbstractBaseUser) -> bool:
    """Refuses with a ground, which the person is told with how to complain."""
    request = locked(request)
    request.answer = text
    request.save(update_fields=["answer"])
    mailed = tell(request, REQUEST_ANSWERED, text=text, ground=_words(ground), refused=True)
    close(request, now=now, actor=actor, outcome=Outcome.REFUSED, ground=ground)
    audited("refused", request, actor)
    return mailed


def archive_behind(token: str, *, now: datetime) -> AccessArchive | None:
    found: AccessArchive | None = AccessArchive.objects.live(now).filter(link_digest=digest_of(token)).first()
    return found


def _ready(request: PrivacyRequest, kind: str, *, known: bool = True) -> PrivacyRequest:
    """The locked request, if it may be answered in this way. Raises `RequestRefused`."""
    request = locked(request)
    if request.kind != kind:
        raise RequestRefused("This is not what was asked for.")
    if known:
        require_known(request)
    return request


def _words(ground: str) -> str:
    return PrivacyRequest.Ground(ground).label if ground else ""
