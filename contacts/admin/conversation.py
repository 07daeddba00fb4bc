"""A message's page: the conversation, and one form whose every button keeps all that was typed (ADR 59)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone

from contacts.conversation.answer_text import is_untouched, starting_text, with_inserted
from contacts.conversation.drafts import draft_of, drop_draft, save_draft
from contacts.conversation.merging import merge_candidates, merge_inquiry
from contacts.conversation.notes import add_note
from contacts.conversation.presence import leave, note_presence, others_present
from contacts.conversation.saved_replies import empty_placeholders, fill_in
from contacts.conversation.timeline import Conversation, conversation_of
from contacts.incoming_mail.wish_requests import dismiss_wish, open_wished_request, wishes_in
from contacts.inquiries.assignment import assign_inquiry
from contacts.inquiries.contact_permission import permissions_now
from contacts.inquiries.snoozing import snooze_inquiry, wake_inquiry
from contacts.inquiries.workflow import answer_inquiry, close_inquiry
from contacts.models import Inquiry
from privacy.admin_base.acting_user import acting_user
from privacy.admin_base.refusals import ActionRefused
from privacy.registry.deadlines import deadlines_of, local_day

from .actions import InquiryActions
from .contributions import contributed_events
from .forms import ConversationForm, LongText
from .words import due_in_words, state_in_words

if TYPE_CHECKING:
    from accounts.models import User

ANSWER = LongText(rows=1)


@dataclass
class Sent:
    """A submitted form of a message's page, and what it led to."""

    request: HttpRequest
    inquiry: Inquiry
    form: ConversationForm

    @property
    def actor(self) -> User:
        return acting_user(self.request)

    def pressed(self, button: str) -> bool:
        return f"_{button}" in self.request.POST


class ConversationPage(InquiryActions):
    def get_urls(self) -> list[Any]:
        save = self.admin_site.admin_view(self.draft_view)
        return [path("<uuid:inquiry_id>/draft/", save, name="contacts_inquiry_draft"), *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        inquiry = self.get_object(request, object_id)
        may_change = self.has_change_permission(request, inquiry)
        if not (may_change or self.has_view_permission(request, inquiry)) or (
            request.method == "POST" and not may_change
        ):
            raise PermissionDenied
        if inquiry is None:
            gone = "This message no longer exists: it was deleted, or its two years are over."
            self.message_user(request, gone, messages.WARNING)
            return redirect("admin:contacts_inquiry_changelist")
        user = acting_user(request)
        conversation = conversation_of(
            inquiry,
            mails=user.has_perm("privacy.view_outgoingmail"),
            more=partial(contributed_events, user=user),
        )
        form = self._form(request, inquiry, conversation) if may_change else None
        if form is not None and request.method == "POST":
            is_valid = form.is_valid()
            self._keep_draft(request, inquiry, form)
            if is_valid and (response := self._carry_out(Sent(request, _stored(inquiry), form))):
                return response
        return self._page(request, inquiry, conversation, form)

    def _form(self, request: HttpRequest, inquiry: Inquiry, conversation: Conversation) -> ConversationForm:
        author, own, now = acting_user(request), conversation.own, timezone.now()
        start = starting_text(inquiry, wrote=own.text if own else "", at=own.at if own else now, author=author)
        draft = draft_of(inquiry=inquiry, author=author)
        snoozed = inquiry.snoozed_until if inquiry.is_snoozed(now) else None
        initial = {"answer": draft.body if draft else start, "snooze": snoozed and local_day(snoozed)}
        made: Any = self.get_form(request, inquiry, change=True)
        form: ConversationForm = made(
            request.POST if request.method == "POST" else None, instance=inquiry, initial=initial
        )
        form.offer(start=start, candidates=merge_candidates(conversation.inquiries, inquiry))
        return form

    def _keep_draft(self, request: HttpRequest, inquiry: Inquiry, form: ConversationForm) -> None:
        """Before anything that could be refused."""
        if "answer" not in request.POST or "answer" not in form.cleaned_data:
            return
        author, body = acting_user(request), form.cleaned_data["answer"]
        if is_untouched(body, form.start):
            drop_draft(inquiry=inquiry, author=author)
        else:
            save_draft(inquiry=inquiry, author=author, body=body)

    # --- The buttons --------------------------------------------------------------------------------------------------
    def _carry_out(self, sent: Sent) -> HttpResponseBase | None:
        """None if something was refused: then nothing was done, and the page says why."""
        try:
            with transaction.atomic():
                done = [*self._save_entries(sent)]
                if sent.pressed("send") or sent.pressed("send_close"):
                    done += self._send(sent)
                done += self._snooze(sent)
                done += self._settle_wish(sent)
                if sent.pressed("insert"):
                    self._insert(sent)
                if sent.pressed("merge"):
                    done += self._merge(sent)
        except ActionRefused as refusal:
            sent.form.add_error(None, refusal.message)
            return None
        for sentence in done:
            self.message_user(sent.request, sentence)
        return self._after(sent, is_done=bool(done))

    def _save_entries(self, sent: Sent) -> list[str]:
        done, typed = [], sent.form.cleaned_data
        if typed["note"].strip():
            add_note(inquiry=sent.inquiry, body=typed["note"].strip(), actor=sent.actor)
            done.append("Note added.")
        if "assigned_to" in sent.form.changed_data:
            to = typed["assigned_to"]
            assign_inquiry(inquiry=sent.inquiry, to=to, actor=sent.actor)
            done.append(f"{sent.inquiry.reference} is {'assigned' if to else 'unassigned'}.")
        return done

    def _send(self, sent: Sent) -> list[str]:
        inquiry, body = sent.inquiry, sent.form.cleaned_data["answer"]
        if not inquiry.may_be_answered:
            raise ActionRefused(f"Not sent: this message is {inquiry.get_state_display()}. Reopen it first.")
        if is_untouched(body, sent.form.start):
            raise ActionRefused("Not sent: write your answer between the greeting and the signature first.")
        answer_inquiry(inquiry=inquiry, body=body.strip(), actor=sent.actor)
        if sent.pressed("send_close"):
            close_inquiry(inquiry=inquiry, actor=sent.actor)
        drop_draft(inquiry=inquiry, author=sent.actor)
        leave(inquiry=inquiry, user=sent.actor)
        return [f"Your answer to {inquiry.reference} has been sent."]

    def _snooze(self, sent: Sent) -> list[str]:
        if "snooze" not in sent.form.changed_data:
            return []
        if day := sent.form.cleaned_data["snooze"]:
            snooze_inquiry(inquiry=sent.inquiry, until=day, actor=sent.actor)
            due = _stored(sent.inquiry).due_at
            late = f", after it is due on {local_day(due):%B %-d, %Y}" if due and local_day(due) < day else ""
            return [f"{sent.inquiry.reference} comes back on {day:%B %-d, %Y}{late}."]
        wake_inquiry(inquiry=sent.inquiry, actor=sent.actor)
        return [f"{sent.inquiry.reference} is no longer snoozed."]

    def _settle_wish(self, sent: Sent) -> list[str]:
        """By the buttons below an email that asks for a privacy right; each names its email."""
        button = next((each for each in ("open_request", "no_request") if sent.pressed(each)), None)
        if button is None:
            return []
        if not sent.request.user.has_perm("privacy.add_privacyrequest"):
            raise PermissionDenied
        waiting = {str(mail.pk): mail for mail in wishes_in(sent.inquiry, now=timezone.now())}
        mail = waiting.get(sent.request.POST[f"_{button}"])
        if mail is None:
            raise ActionRefused("This was settled already.")
        if button == "no_request":
            dismiss_wish(mail=mail, actor=sent.actor)
            return ["Noted: this email asks for no privacy right."]
        opened = open_wished_request(mail=mail, actor=sent.actor)
        return [f"Request {opened.reference} is open. Its sender gets a link by which to confirm it."]

    def _insert(self, sent: Sent) -> None:
        typed = sent.form.cleaned_data
        if typed["saved_reply"] is None:
            raise ActionRefused("Choose a saved reply first.")
        text = fill_in(typed["saved_reply"], inquiry=sent.inquiry, author=sent.actor)
        whole = with_inserted(typed["answer"] or sent.form.start, text, author=sent.actor)
        if len(whole) > ANSWER.max_length:  # type: ignore[operator]
            raise ActionRefused(f"With this saved reply the answer has more than {ANSWER.max_length:,} characters.")
        save_draft(inquiry=sent.inquiry, author=sent.actor, body=whole)
        if empty := empty_placeholders(typed["saved_reply"], inquiry=sent.inquiry, author=sent.actor):
            said = f"There is nothing to fill in for {empty}. Complete that sentence before you send the answer."
            self.message_user(sent.request, said, messages.WARNING)

    def _merge(self, sent: Sent) -> list[str]:
        into = sent.form.cleaned_data["merge_into"]
        if into is None:
            raise ActionRefused("Choose the message to merge into first.")
        merge_inquiry(inquiry=sent.inquiry, into=into, actor=sent.actor)
        return [f"{sent.inquiry.reference} is part of {into.reference} from now on."]

    def _after(self, sent: Sent, *, is_done: bool) -> HttpResponseBase | None:
        request, inquiry = sent.request, sent.inquiry
        page = reverse("admin:contacts_inquiry_change", args=[inquiry.pk])
        if name := request.POST.get("_action"):
            return self.action_view(request, inquiry.pk, name)
        if name := request.POST.get("_open"):
            known = {action.name for action in self.staff_actions if not action.one_press}
            return redirect(f"admin:contacts_inquiry_{name}", inquiry.pk) if name in known else redirect(page)
        if sent.pressed("merge"):
            return redirect("admin:contacts_inquiry_change", sent.form.cleaned_data["merge_into"].pk)
        if any(map(sent.pressed, ("send", "send_close", "next"))):
            return self.go_to_next(request, inquiry)
        if sent.pressed("insert"):
            return redirect(f"{page}#answer")
        if not is_done:
            self.message_user(request, "Your draft is saved." if sent.form.has_changed() else "Nothing was changed.")
        return redirect(page)

    def draft_view(self, request: HttpRequest, inquiry_id: UUID) -> HttpResponse:
        """Where a script of the page saves the draft while one types (static/aitpro/js/draft.js)."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        inquiry = get_object_or_404(Inquiry, pk=inquiry_id)
        body = ANSWER.clean(request.POST.get("answer", ""))
        if body.strip():
            save_draft(inquiry=inquiry, author=acting_user(request), body=body)
            note_presence(inquiry=inquiry, user=acting_user(request), now=timezone.now())
        return HttpResponse(status=204)

    # --- The page -----------------------------------------------------------------------------------------------------
    def _page(
        self, request: HttpRequest, inquiry: Inquiry, conversation: Conversation, form: ConversationForm | None
    ) -> HttpResponse:
        now, user = timezone.now(), acting_user(request)
        stored = _stored(inquiry) if request.method == "POST" else inquiry
        if form is not None:
            Inquiry.objects.filter(pk=stored.pk, opened_at=None).update(opened_at=now)
            if stored.may_be_answered:
                note_presence(inquiry=stored, user=user, now=now)
        self.audit(request, "read", stored)
        context = {
            **self.admin_site.each_context(request),
            "title": stored.staff_label,
            "opts": self.opts,
            "original": stored,
            "form": form,
            "conversation": conversation,
            "shows_box": form is not None
            and bool(stored.email)
            and (stored.may_be_answered or draft_of(inquiry=stored, author=user)),
            "present": others_present(inquiry=stored, user=user, now=now) if form is not None else [],
            "buttons": [each for each in self.actions_shown(request, stored) if each.one_press],
            "pages": [each for each in self.actions_shown(request, stored) if not each.one_press],
            "status": state_in_words(stored, now),
            "due": due_in_words(stored, now),
            "can_merge": form is not None and form.offers_merge,
            "wishes": [(mail, deadlines_of(mail.received_at)) for mail in wishes_in(stored, now=now)],
            "may_open_requests": user.has_perm("privacy.add_privacyrequest"),
            "permissions": permissions_now([stored]),
            "facts": self.facts(request, stored),
            "has_change_permission": form is not None,
            "has_delete_permission": self.has_delete_permission(request, stored),
        }
        return TemplateResponse(request, "contacts/admin/conversation.html", context)

    def facts(self, request: HttpRequest, inquiry: Inquiry) -> list[tuple[str, Any]]:
        """What the sender gave besides the message: label and value, without what is empty."""
        raise NotImplementedError


def _stored(inquiry: Inquiry) -> Inquiry:
    """The row without what was typed: a form changes its instance even if it isn't valid."""
    row: Inquiry = Inquiry.objects.get(pk=inquiry.pk)
    return row
