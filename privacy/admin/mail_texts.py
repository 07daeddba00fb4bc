"""The admin of the texts of mails: preview, test, versions, and the way back to the shipped text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from csp.decorators import csp
from django import forms
from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from privacy.admin_base.acting_user import acting_user
from privacy.admin_base.preview import PreviewedAdmin
from privacy.admin_base.staff_action import StaffAction, StaffActionsAdmin
from privacy.audit.trail import record
from privacy.evidence.sweep.detectors import signs_in
from privacy.mail.plain_text import subject_and_text
from privacy.mail.sending import queue_mail
from privacy.mail.texts.editing import (
    change_text,
    problems_in,
    reset_text,
    restore_version,
    texts_on_older_ones,
)
from privacy.mail.texts.rendering import kinds_with_failed_text, render_sample, sample_text
from privacy.mail.texts.shipped import shipped_text
from privacy.mails import TEXT_TEST
from privacy.models import MailText, MailTextVersion
from privacy.registry.mail_kinds import all_kinds, kind_named
from privacy.web.mail_page import MAIL_POLICY, with_links_in_new_tabs

if TYPE_CHECKING:
    from accounts.models import User


def send_test(*, text: MailText, actor: User) -> None:
    """Mails the stored text with made-up data to the acting member of staff. Raises `MailRefused`."""
    queue_mail(TEXT_TEST, to=actor.email or "", about=actor, context=sample_text(text.kind, text.subject, text.body))
    record(action="privacy.mail_text.tested", about=text, actor=actor)


class MailTextForm(forms.ModelForm[MailText]):
    """Shows the shipped text where staff wrote none."""

    class Meta:
        model = MailText
        fields = ["subject", "body"]
        widgets = {
            "subject": forms.TextInput({"class": "vLargeTextField"}),
            "body": forms.Textarea({"rows": 22, "class": "vLargeTextField"}),
        }
        help_texts = {
            "body": "Markdown: an empty line between paragraphs, **bold**, *italics*, lists, > quotes, and"
            " [links](https://…). A link in a paragraph of its own is a button. Empty a text to get back the shipped"
            " one."
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shipped = shipped_text(self.instance.kind)
        self.initial["subject"] = self.instance.subject or shipped.subject
        self.initial["body"] = self.instance.body or shipped.body

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        texts = {name: values.get(name) or "" for name in ("subject", "body")}
        for name, problems in problems_in(self.instance.kind, **texts).items():
            self.add_error(name, problems)
        for name, text in texts.items():
            for sign in signs_in(_without_the_business(text)):
                said = f"This contains {sign}. The text goes to everybody: leave out what concerns one person."
                self.add_error(name, said)
        return values


@csp(MAIL_POLICY)  # type: ignore[arg-type]
def _shown_alone(request: HttpRequest, html: str) -> HttpResponse:
    return HttpResponse(with_links_in_new_tabs(html))


def _without_the_business(text: str) -> str:
    for own in (settings.BUSINESS["email"], settings.BUSINESS["phone"]):
        text = text.replace(own, "")
    return text


class RestoredVersionForm(forms.Form):
    version = forms.ModelChoiceField(MailTextVersion.objects.none(), empty_label=None)


class OwnTextFilter(admin.SimpleListFilter):
    title, parameter_name = "text", "own"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "edited"), ("older", "edited, and the shipped text has changed since")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[MailText]) -> QuerySet[MailText]:
        if self.value() == "older":
            return queryset.filter(pk__in=[text.pk for text in texts_on_older_ones()])
        return queryset.exclude(subject="", body="") if self.value() == "yes" else queryset


class FailedTextFilter(admin.SimpleListFilter):
    title, parameter_name = "failure", "failed"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "sent with the shipped text in the last 7 days")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[MailText]) -> QuerySet[MailText]:
        return queryset.filter(kind__in=kinds_with_failed_text(timezone.now())) if self.value() else queryset


@admin.register(MailText)
class MailTextAdmin(PreviewedAdmin, StaffActionsAdmin):
    """One row for each kind of mail, which nobody adds or deletes."""

    form = MailTextForm
    fields = ["subject", "body"]
    list_display = ["kind", "subject_sent", "why", "is_edited"]
    list_filter = [OwnTextFilter, FailedTextFilter]
    search_fields = ["kind"]
    list_per_page = 100
    change_form_template = "privacy/admin/mail_text.html"
    row_argument = "text"
    action_route = "<uuid:row_id>/{}/"
    action_url_name = "privacy_mailtext_{}"
    staff_actions = (
        StaffAction(
            name="test",
            label="Send me a test",
            do=send_test,
            one_press=True,
            done="A test with made-up data is on its way to your address.",
        ),
        StaffAction(
            name="reset",
            label="Use the shipped text…",
            do=reset_text,
            when=lambda text: bool(text.based_on),  # stored, not only typed
            asks="The mail gets its shipped text back. Yours stays among the earlier versions.",
            done="The mail has its shipped text.",
        ),
        StaffAction(
            name="restore",
            label="Restore a version…",
            do=restore_version,
            when=lambda text: text.versions.exists(),
            form=RestoredVersionForm,
            asks="The text becomes what it was in that version, as a new version.",
            done="The version is restored.",
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[MailText]:
        """Without kinds that no app declares anymore."""
        return super().get_queryset(request).filter(kind__in=[kind.template for kind in all_kinds()])

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: MailText, form: Any, change: bool) -> None:
        change_text(text=obj, subject=obj.subject, body=obj.body, actor=acting_user(request))

    def preview(self, request: HttpRequest, row: MailText) -> HttpResponse:
        """The mail with made-up data, exactly as it would be sent: its HTML, or subject and plain text."""
        html = render_sample(row.kind, row.subject, row.body)
        if request.POST["_preview"] == "text":
            subject, text = subject_and_text(html)
            return HttpResponse(f"Subject: {subject}\n\n{text}", content_type="text/plain; charset=utf-8")
        return _shown_alone(request, html)  # type: ignore[call-arg, return-value]

    def form_for_action(self, request: HttpRequest, row: Any, action: StaffAction) -> forms.BaseForm:
        form = super().form_for_action(request, row, action)
        if isinstance(form, RestoredVersionForm):
            form.fields["version"].queryset = row.versions.all()  # type: ignore[attr-defined]
        return form

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **options: Any) -> Any:
        text = context["original"]
        shipped = shipped_text(text.kind)
        context |= {
            "mail": kind_named(text.kind),
            "shipped": shipped,
            # By what is stored: after an error, subject and body are what was typed.
            "is_own": bool(text.based_on),
            "is_older": text.based_on not in {"", shipped.digest},
            "versions": text.versions.select_related("written_by"),
        }
        return super().render_change_form(request, context, *args, **options)

    @admin.display(description="subject")
    def subject_sent(self, text: MailText) -> str:
        return text.subject or shipped_text(text.kind).subject

    @admin.display(description="sent because")
    def why(self, text: MailText) -> str:
        return kind_named(text.kind).because

    @admin.display(description="edited", boolean=True)
    def is_edited(self, text: MailText) -> bool:
        return text.is_own
