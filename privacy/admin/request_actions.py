"""The staff actions on privacy requests: for which requests, with which confirmation, and what each does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from privacy.admin_base.staff_action import StaffAction
from privacy.mail.link_mail_limits import LINK_LIFE
from privacy.models import PrivacyRequest
from privacy.requests import (
    acknowledge_request,
    answer_with_deletion,
    answer_with_opt_out,
    answer_with_text,
    extend_request,
    mail_archive,
    mail_link_now,
    mail_report_first,
    mark_sent_by_letter,
    open_archive,
    refuse_request,
)
from privacy.requests.forms import DeletionForm
from privacy.requests.views import zip_file

from .request_forms import ExtendForm, RefuseForm, RequestAnswerForm, StaffDeletionForm

Kind = PrivacyRequest.Kind


@dataclass(frozen=True, kw_only=True)
class RequestAction(StaffAction):
    permission: str = "privacy.answer_privacyrequest"
    template: str = "privacy/admin/step.html"
    mails: bool = False  # the person gets an email, if the address is known


def _open(*kinds: str) -> Callable[[PrivacyRequest], bool]:
    """Condition: the request is open, and of one of these kinds (default: any)."""
    return lambda request: request.is_open and not request.is_being_deleted and (not kinds or request.kind in kinds)


def _lacks_its_link(request: PrivacyRequest) -> bool:
    waits = request.is_open or request.state == PrivacyRequest.State.UNCONFIRMED
    return waits and request.awaits_confirmation and request.link_mailed_at is None


def _can_be_extended(request: PrivacyRequest) -> bool:
    return _open()(request) and request.extended_at is None and timezone.now() <= request.deadlines.extend_by


def _mailed(done: str) -> Callable[[PrivacyRequest, Any], str]:
    """The message `done`, and whether the person is notified by email."""
    by_mail, otherwise = f"{done} An email is on its way.", f"{done} There is no email address: please call or write."
    return lambda request, was_mailed: by_mail if was_mailed is not False and request.email else otherwise


def _delete(*, request: PrivacyRequest, license: str = "", mail_report: bool = False, **by: Any) -> Any:
    keep_usable = license == DeletionForm.KEEP
    if mail_report:
        return mail_report_first(request=request, keep_usable=keep_usable, **by)
    answer_with_deletion(request=request, keep_usable=keep_usable, **by)
    return redirect("admin:privacy_privacyrequest_report", request.pk)


def _archive_to_print(**of_the_request: Any) -> HttpResponse:
    return zip_file(open_archive(**of_the_request))


REQUEST_ACTIONS: tuple[RequestAction, ...] = (
    RequestAction(
        name="acknowledge",
        label="Acknowledge",
        asks="The person gets an email that confirms receipt and names the date by which we will answer.",
        do=acknowledge_request,
        when=lambda request: _open()(request) and request.acknowledged_at is None,
        done=_mailed("Acknowledged."),
        mails=True,
    ),
    RequestAction(
        name="send-link",
        label="Send the link",
        asks="Because of the rate limit, the confirmation link for this request has not been sent yet. Send it now.",
        do=mail_link_now,
        when=_lacks_its_link,
        done="The link is on its way.",
    ),
    RequestAction(
        name="archive",
        label="Create the archive and email its link",
        asks="The person gets a link to an archive of all their data. It works for seven days.",
        do=mail_archive,
        when=lambda request: _open(Kind.ACCESS)(request) and bool(request.email),
        done=_mailed("The archive was created."),
        mails=True,
    ),
    RequestAction(
        name="print",
        label="Open the archive to print it",
        asks="You download the file to print it and send it by letter. This is recorded in the audit log. Delete the"
        " file afterward.",
        do=_archive_to_print,
        when=_open(Kind.ACCESS),
        asks_again=True,
    ),
    RequestAction(
        name="hand-over",
        label="Mark as sent by letter",
        asks="You have sent the archive by letter to the address that the person gave.",
        do=mark_sent_by_letter,
        when=_open(Kind.ACCESS),
        done="Answered.",
    ),
    RequestAction(
        name="delete",
        label="Delete this person's data…",
        asks="This can't be undone. The person's address is deleted too, so the report has to reach them before: by"
        " email, or printed from the next page.",
        do=_delete,
        when=_open(Kind.DELETION),
        is_final=True,
        asks_again=True,
        form=StaffDeletionForm,
        done="The report is on its way. Once it has been sent, usually within a minute, the data is deleted.",
    ),
    RequestAction(
        name="stop",
        label="Stop contacting this person",
        asks="From now on we won't email, call or send letters, except to reply to something the person asks later.",
        do=answer_with_opt_out,
        when=_open(Kind.STOP_CONTACT),
        done="The person is opted out of all contact.",
    ),
    RequestAction(
        name="answer",
        label="Answer",
        asks="Your answer is emailed to the person and closes the request.",
        do=answer_with_text,
        when=_open(Kind.CORRECTION, Kind.COMPLAINT),
        form=RequestAnswerForm,
        done=_mailed("Answered."),
        mails=True,
    ),
    RequestAction(
        name="extend",
        label="Extend the deadline",
        asks="You can do this once. The person is told the reason.",
        do=extend_request,
        when=_can_be_extended,
        form=ExtendForm,
        done=_mailed("The deadline was extended."),
        mails=True,
    ),
    RequestAction(
        name="refuse",
        label="Refuse…",
        asks="The person is told the legal ground and how to complain.",
        do=refuse_request,
        when=_open(),
        form=RefuseForm,
        done=_mailed("Refused."),
        mails=True,
    ),
)


# --- The next step ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class NextStep:
    """What staff do next with a request: an action, or in words."""

    text: str
    action: str = ""  # its name
    field: str = ""  # of the form on the request's page


ANSWERS = {
    Kind.ACCESS: NextStep("Send the person their data.", "archive"),
    Kind.DELETION: NextStep("Look at what is deleted and what is kept, then delete.", "delete"),
    Kind.STOP_CONTACT: NextStep("Opt the person out of all contact.", "stop"),
    Kind.CORRECTION: NextStep("Correct what is wrong, then answer.", "answer"),
    Kind.COMPLAINT: NextStep("Look into it, then answer.", "answer"),
}
IN_WORDS = {Kind.CORRECTION, Kind.COMPLAINT}  # answers that take a while; the others are one press
NEEDS_PROOF = {Kind.ACCESS, Kind.DELETION}


def next_step(request: PrivacyRequest) -> NextStep:
    kind = Kind(request.kind)
    if request.state == PrivacyRequest.State.ANSWERED:
        return NextStep("Nothing: this request is answered.")
    if _lacks_its_link(request):
        return NextStep("Send the link with which the person confirms the request.", "send-link")
    if not request.is_open:
        return NextStep("Wait: the person has to confirm the request with the link that was mailed.")
    if request.is_being_deleted:
        return NextStep("Wait: the report is being mailed, then the data is deleted. Reload this page in a minute.")
    if kind in NEEDS_PROOF and not request.is_identity_verified:
        if request.link_mailed_at is not None and timezone.now() < request.link_mailed_at + LINK_LIFE:
            return NextStep("Wait: the person can confirm the request with the link that was mailed.")
        return NextStep("Enter below how you verified the person's identity, and save.", field="identity")
    if kind not in IN_WORDS and not request.email:
        return NextStep("Ask which email address the person used with us, enter it below, and save.", field="email")
    if kind in IN_WORDS and request.acknowledged_at is None:
        return NextStep("Tell the person that the request arrived.", "acknowledge")
    if request.report_failed_at:
        return NextStep("The report could not be mailed, and nothing is deleted. Delete, and print it.", "delete")
    return ANSWERS[kind]
