"""What staff do with an open request: for which requests, with which question, and what each action does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from privacy.admin_base.staff_action import StaffAction
from privacy.models import PrivacyRequest
from privacy.requests import (
    acknowledge_request,
    answer_with_deletion,
    answer_with_opt_out,
    answer_with_text,
    extend_request,
    hand_over,
    mail_archive,
    mail_link_now,
    open_archive,
    refuse_request,
)
from privacy.requests.forms import DeletionForm
from privacy.requests.views import zip_file

from .request_forms import ExtendForm, RefuseForm, RequestAnswerForm

Kind = PrivacyRequest.Kind


@dataclass(frozen=True, kw_only=True)
class RequestAction(StaffAction):
    permission: str = "privacy.answer_privacyrequest"
    template: str = "privacy/admin/step.html"
    mails: bool = False  # the person, where an address is known


def _open(*kinds: str) -> Callable[[PrivacyRequest], bool]:
    """While a request is open, of these kinds or of any."""
    return lambda request: request.is_open and (not kinds or request.kind in kinds)


def _lacks_its_link(request: PrivacyRequest) -> bool:
    waits = request.is_open or request.state == PrivacyRequest.State.UNCONFIRMED
    return waits and request.awaits_confirmation and request.link_mailed_at is None


def _can_be_extended(request: PrivacyRequest) -> bool:
    return request.is_open and request.extended_at is None and timezone.now() <= request.deadlines.extend_by


def _mailed(done: str) -> Callable[[PrivacyRequest, Any], str]:
    """`done`, and whether the person is told by mail."""
    by_mail, otherwise = f"{done} The mail is on its way.", f"{done} No address is known: please call or write."
    return lambda request, was_mailed: by_mail if was_mailed is not False and request.email else otherwise


def _delete(*, request: PrivacyRequest, license: str = "", **by: Any) -> HttpResponse:
    answer_with_deletion(request=request, keep_usable=license == DeletionForm.KEEP, **by)
    return redirect("admin:privacy_privacyrequest_report", request.pk)


def _archive_to_print(**of_the_request: Any) -> HttpResponse:
    return zip_file(open_archive(**of_the_request))


REQUEST_ACTIONS: tuple[RequestAction, ...] = (
    RequestAction(
        name="acknowledge",
        label="Acknowledge",
        asks="The person is told that the request came, and until when the answer comes.",
        do=acknowledge_request,
        when=lambda request: request.is_open and request.acknowledged_at is None,
        done=_mailed("Acknowledged."),
        mails=True,
    ),
    RequestAction(
        name="send-link",
        label="Send the link",
        asks="So many requests came at once that the link to confirm this one waits for its turn. It is mailed now.",
        do=mail_link_now,
        when=_lacks_its_link,
        done="The link is on its way.",
    ),
    RequestAction(
        name="archive",
        label="Make the archive and mail its link",
        asks="The person gets a link to everything that is kept. It works for seven days.",
        do=mail_archive,
        when=lambda request: _open(Kind.ACCESS)(request) and bool(request.email),
        done=_mailed("The archive is made."),
        mails=True,
    ),
    RequestAction(
        name="print",
        label="Open the archive to print it",
        asks="You get the file, to print it and send it by letter. That you opened it is recorded. Delete the file"
        " afterwards.",
        do=_archive_to_print,
        when=_open(Kind.ACCESS),
        asks_again=True,
    ),
    RequestAction(
        name="hand-over",
        label="Handed over by letter",
        asks="The archive went out by letter, to the address that the person gave.",
        do=hand_over,
        when=_open(Kind.ACCESS),
        done="Answered.",
    ),
    RequestAction(
        name="delete",
        label="Delete this person's data…",
        asks="It can't be undone. The person's address is deleted too, so no mail can tell them: print the report on"
        " the next page, and send it the way the request came.",
        do=_delete,
        when=_open(Kind.DELETION),
        is_final=True,
        asks_again=True,
        form=DeletionForm,
    ),
    RequestAction(
        name="stop",
        label="Stop contacting this person",
        asks="From now on nobody writes, calls or sends letters, except in answer to what the person asks later.",
        do=answer_with_opt_out,
        when=_open(Kind.STOP_CONTACT),
        done="Nobody contacts this person any more.",
    ),
    RequestAction(
        name="answer",
        label="Answer",
        asks="What you write is mailed to the person, and closes the request.",
        do=answer_with_text,
        when=_open(Kind.CORRECTION, Kind.COMPLAINT),
        form=RequestAnswerForm,
        done=_mailed("Answered."),
        mails=True,
    ),
    RequestAction(
        name="extend",
        label="Put the answer off",
        asks="Once, and with a reason that the person is told.",
        do=extend_request,
        when=_can_be_extended,
        form=ExtendForm,
        done=_mailed("The answer may take longer."),
        mails=True,
    ),
    RequestAction(
        name="refuse",
        label="Refuse…",
        asks="The person is told the ground, and how to complain.",
        do=refuse_request,
        when=_open(),
        form=RefuseForm,
        done=_mailed("Refused."),
        mails=True,
    ),
)
