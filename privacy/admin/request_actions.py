"""The steps that staff take with an open request: for which requests, with which question, and what each does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpResponse
from django.utils import timezone

from privacy.erasure.consequences import Usable, usable_by
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
from privacy.requests.views import deletion_page, zip_file

from .request_forms import ConfirmForm, ExtendForm, RefuseForm, RequestAnswerForm

Kind = PrivacyRequest.Kind


def _always(request: PrivacyRequest) -> bool:
    return True


def _lacks_its_link(request: PrivacyRequest) -> bool:
    return request.awaits_confirmation and request.link_mailed_at is None


def _delete(*, license: str, **of_the_request: Any) -> None:
    answer_with_deletion(keep_usable=license == DeletionForm.KEEP, **of_the_request)


def _asks_for(*kinds: str) -> Callable[[PrivacyRequest], bool]:
    return lambda request: request.kind in kinds


@dataclass(frozen=True, kw_only=True)
class Step:
    """`do` is one of `privacy.requests`; what it returns goes to `result`, where the answer is a file."""

    slug: str
    label: str
    asks: str
    do: Callable[..., Any]
    when: Callable[[PrivacyRequest], bool] = _always
    form: type[forms.Form] = ConfirmForm
    done: str = "Done."
    tells: bool = False  # mails the person where an address is known
    deletes: bool = False
    before_confirmation: bool = False
    result: Callable[[Any], HttpResponse] | None = None

    def fits(self, request: PrivacyRequest) -> bool:
        waits = request.state == PrivacyRequest.State.UNCONFIRMED and self.before_confirmation
        return (request.is_open or waits) and self.when(request)

    def form_for(self, request: PrivacyRequest, data: Any) -> forms.Form:
        if not self.deletes:
            return self.form(data)
        usable: list[Usable] = usable_by(request.email) if request.email else []
        return DeletionForm(data, usable=usable)

    def plan(self, request: PrivacyRequest) -> dict[str, Any]:
        """What a deletion would do, to be read before it is confirmed."""
        return deletion_page(request.email) if self.deletes and request.email else {}

    def said(self, *, mailed: bool) -> str:
        if not self.tells:
            return self.done
        return f"{self.done} {'The mail is on its way.' if mailed else 'No address is known: please call or write.'}"


def _can_be_extended(request: PrivacyRequest) -> bool:
    return request.extended_at is None and timezone.now() <= request.deadlines.extend_by


_ALL = (
    Step(
        slug="acknowledge",
        label="Acknowledge",
        asks="The person is told that the request came, and until when the answer comes.",
        do=acknowledge_request,
        when=lambda request: request.acknowledged_at is None,
        done="Acknowledged.",
        tells=True,
    ),
    Step(
        slug="send-link",
        label="Send the link",
        asks="So many requests came at once that the link to confirm this one waits for its turn. It is mailed now.",
        do=mail_link_now,
        when=_lacks_its_link,
        before_confirmation=True,
        done="The link is on its way.",
    ),
    Step(
        slug="archive",
        label="Make the archive and mail its link",
        asks="The person gets a link to everything that is kept. It works for seven days.",
        do=mail_archive,
        when=lambda request: request.kind == Kind.ACCESS and bool(request.email),
        done="The archive is made.",
        tells=True,
    ),
    Step(
        slug="print",
        label="Open the archive to print it",
        asks="You get the file, to print it and send it by letter. That you opened it is recorded. Delete the file"
        " afterwards.",
        do=open_archive,
        when=_asks_for(Kind.ACCESS),
        result=zip_file,
    ),
    Step(
        slug="hand-over",
        label="Handed over by letter",
        asks="The archive went out by letter, to the address that the person gave.",
        do=hand_over,
        when=_asks_for(Kind.ACCESS),
        done="Answered.",
    ),
    Step(
        slug="delete",
        label="Delete this person's data…",
        asks="It can't be undone. The person's address is deleted too, so no mail can tell them: print the report on"
        " the next page, and send it the way the request came.",
        do=_delete,
        when=_asks_for(Kind.DELETION),
        deletes=True,
    ),
    Step(
        slug="stop",
        label="Stop contacting this person",
        asks="From now on nobody writes, calls or sends letters, except in answer to what the person asks later.",
        do=answer_with_opt_out,
        when=_asks_for(Kind.STOP_CONTACT),
        done="Nobody contacts this person any more.",
    ),
    Step(
        slug="answer",
        label="Answer",
        asks="What you write is mailed to the person, and closes the request.",
        do=answer_with_text,
        when=_asks_for(Kind.CORRECTION, Kind.COMPLAINT),
        form=RequestAnswerForm,
        done="Answered.",
        tells=True,
    ),
    Step(
        slug="extend",
        label="Put the answer off",
        asks="Once, and with a reason that the person is told.",
        do=extend_request,
        when=_can_be_extended,
        form=ExtendForm,
        done="The answer may take longer.",
        tells=True,
    ),
    Step(
        slug="refuse",
        label="Refuse…",
        asks="The person is told the ground, and how to complain.",
        do=refuse_request,
        form=RefuseForm,
        done="Refused.",
        tells=True,
    ),
)
STEPS = {step.slug: step for step in _ALL}


def steps_of(request: PrivacyRequest) -> list[Step]:
    """What can be done with this request now."""
    return [step for step in _ALL if step.fits(request)]
