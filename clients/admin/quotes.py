"""Quotes: the list with its sums, the editor of a draft, and the page of one that was sent."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.utils import timezone

from clients.models import Quote
from clients.quotes.drafting import add_up
from clients.quotes.sending import obstacle, offer_of
from clients.quotes.views import pdf_response
from privacy.admin_base.blind_search import BlindSearchMixin
from privacy.admin_base.staff_action import StaffAction, StaffActionsAdmin
from privacy.registry.deadlines import local_day
from shop.money import Money

from .order_actions import ORDER_ACTIONS
from .quote_actions import QUOTE_ACTIONS, SendForm
from .quote_forms import InstallmentInline, LineInline, QuoteForm

WRITTEN = ("service", "title", "name", "company", "address", "text", "valid_until")
FACTS = ("number", "status", "email", "message", "total", "tax_line")
SENT = ("sent_at", "viewed_at", "decided_at", "decided_by", "decline_reason", "signed_on", "reminders")


class OpenFilter(admin.SimpleListFilter):
    title = "waits for"
    parameter_name = "waits"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("us", "us"), ("client", "the client")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "us":
            return queryset.filter(state=Quote.State.DRAFT)
        return queryset.open(timezone.now()) if self.value() == "client" else queryset


@admin.register(Quote)
class QuoteAdmin(BlindSearchMixin, StaffActionsAdmin):
    staff_actions = (*QUOTE_ACTIONS, *ORDER_ACTIONS)
    row_argument = "quote"
    action_route = "<uuid:row_id>/{}/"
    action_url_name = "clients_quote_{}"
    list_display = ["number", "client", "subject", "total", "status", "valid_until", "created_at"]
    list_filter = [OpenFilter, "state", "created_at"]
    list_select_related = ["service"]
    names_people = ("client", "subject")
    search_fields = ["reference"]
    form = QuoteForm
    inlines = [LineInline, InstallmentInline]
    also_watched = ("state",)
    changed_by_program = ("reminders", "viewed_at")
    change_form_template = "clients/admin/quote.html"
    change_list_template = "clients/admin/quotes.html"

    # --- Who may do what ----------------------------------------------------------------------------------------------
    def has_add_permission(self, request: HttpRequest) -> bool:
        """A quote starts from a message: it goes to the address that was given with it."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Quote | None = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or (obj.is_draft and not obj.is_erased))

    def has_delete_permission(self, request: HttpRequest, obj: Quote | None = None) -> bool:
        """Drafts are discarded; the others are kept as long as the policy says."""
        return False

    # --- The list -----------------------------------------------------------------------------------------------------
    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        response: HttpResponse = super().changelist_view(request, extra_context)
        context = getattr(response, "context_data", None) or {}
        if "cl" in context:
            context["sums"] = sums_of_list(context["cl"])
        return response

    @admin.display(description="client")
    def client(self, quote: Quote) -> str:
        return quote.company or quote.name or "deleted"

    @admin.display(description="for")
    def subject(self, quote: Quote) -> str:
        return quote.title or "–"

    @admin.display(description="state", ordering="state")
    def status(self, quote: Quote) -> str:
        return "expired" if quote.has_lapsed(timezone.now()) else str(quote.get_state_display())

    # --- One quote ----------------------------------------------------------------------------------------------------
    def get_urls(self) -> list[Any]:
        return [
            path("<uuid:quote_id>/quote.pdf", self.admin_site.admin_view(self.pdf_view), name="clients_quote_pdf"),
            *super().get_urls(),
        ]

    def get_fields(self, request: HttpRequest, obj: Quote | None = None) -> Any:
        return [*FACTS, *WRITTEN] if obj is None or obj.is_draft else [*FACTS, *WRITTEN, *SENT]

    def get_readonly_fields(self, request: HttpRequest, obj: Quote | None = None) -> Any:
        return (*FACTS, *SENT)

    def get_form(self, request: HttpRequest, obj: Quote | None = None, change: bool = False, **options: Any) -> Any:
        """Help is for those who write."""
        if not self.has_change_permission(request, obj):
            options["help_texts"] = dict.fromkeys(WRITTEN, "")
        return super().get_form(request, obj, change, **options)

    @admin.display(description="accepted or declined by")
    def decided_by(self, quote: Quote) -> str:
        return quote.decided_name or "–"

    @admin.display(description="message")
    def message(self, quote: Quote) -> str:
        return quote.inquiry.reference if quote.inquiry else "deleted"

    @admin.display(description="tax")
    def tax_line(self, quote: Quote) -> str:
        return f"includes {quote.tax} {quote.tax_name} ({quote.tax_percent.normalize():f}%)" if quote.tax.minor else "–"

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        add_up(quote=form.instance)

    def response_change(self, request: HttpRequest, obj: Quote) -> HttpResponse:
        """Back to the draft, which shows what its installments come to, and what keeps it from being sent."""
        self.message_user(request, "The draft is saved.")
        if "_open" in request.POST:
            return super().response_change(request, obj)
        return redirect("admin:clients_quote_change", obj.pk)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **options: Any) -> Any:
        if quote := context.get("original"):
            stored = Quote.objects.get(pk=quote.pk)
            context["title"] = stored.staff_label
            context["obstacle"] = obstacle(stored, now=timezone.now()) if stored.is_draft else ""
            context["versions"] = Quote.objects.filter(reference=stored.reference).exclude(pk=stored.pk)
            context["today"] = local_day(timezone.now())
        return super().render_change_form(request, context, *args, **options)

    def form_for_action(self, request: HttpRequest, row: Quote, action: StaffAction) -> forms.BaseForm:
        if action.form is SendForm and request.method != "POST":
            return SendForm(initial={"offer": offer_of(row)})
        return super().form_for_action(request, row, action)

    def action_context(self, request: HttpRequest, row: Quote, action: StaffAction) -> dict[str, Any]:
        if action.form is not SendForm:
            return {}
        return {"installments": row.installments.all(), "obstacle": obstacle(row, now=timezone.now())}

    def pdf_view(self, request: HttpRequest, quote_id: Any) -> HttpResponse:
        quote = get_object_or_404(Quote, pk=quote_id)
        if not self.has_view_permission(request, quote):
            raise PermissionDenied
        self.audit(request, "read", quote)
        return pdf_response(quote)


def sums_of_list(changelist: Any) -> list[dict[str, Any]]:
    """How many quotes there are in each state, and their sums per currency, over whatever the filters leave. Of each
    quote only the latest version counts."""
    found = changelist.queryset.newest_versions().order_by("state", "currency").values("state", "currency")
    return [
        {
            "state": Quote.State(row["state"]).label,
            "number": row["number"],
            "total": Money(row["total"], row["currency"]),
        }
        for row in found.annotate(number=Count("pk"), total=Sum("total_minor"))
    ]
