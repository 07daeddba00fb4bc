"""The portal's pages of commissions: the list, the receipt of each, and objections."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect

from affiliates.commissions.explanation import explain_commission
from affiliates.commissions.objections import ANSWER_WITHIN, open_objection
from privacy.admin_base.acting_user import acting_user
from privacy.admin_base.refusals import ActionRefused
from privacy.web.long_lists import LongListPaginator

from ..models import Affiliate, Commission, Flag, Objection
from .base import PortalPage
from .states import NAMES, badge_of, in_state, meanings, state_of

PER_PAGE = 25


class CommissionFilterForm(forms.Form):
    """Filters the list. An invalid filter shows all of it."""

    state = forms.ChoiceField(
        label="State",
        choices=[("", "All"), *((state, name.capitalize()) for state, name in NAMES.items())],
        required=False,
    )
    since = forms.DateField(label="From", required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))
    until = forms.DateField(label="To", required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if found.get("since") and found.get("until") and found["since"] > found["until"]:
            raise forms.ValidationError("The first day is after the last one.")
        return found

    def apply(self, lines: QuerySet[Commission]) -> QuerySet[Commission]:
        if not self.is_valid():
            return lines
        state, since, until = (self.cleaned_data[name] for name in ("state", "since", "until"))
        if state:
            lines = in_state(lines, state)
        if since:
            lines = lines.filter(created_at__gte=datetime.combine(since, time.min, UTC))
        if until and until < date.max:
            lines = lines.filter(created_at__lt=datetime.combine(until + timedelta(days=1), time.min, UTC))
        return lines


def commissions_of(affiliate: Affiliate) -> QuerySet[Commission]:
    """An affiliate's commissions, newest first, each with what its row shows."""
    flags = Flag.objects.open().filter(attribution=OuterRef("attribution"))
    objections = Objection.objects.open().filter(commission=OuterRef("pk"))
    return (
        Commission.objects.latest_of(affiliate)
        .select_related("attribution")
        .annotate(held=Exists(flags), has_open_objection=Exists(objections))
    )


class CommissionsPage(PortalPage):
    template_name = "affiliates/portal/commissions.html"
    tab = "commissions"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form = CommissionFilterForm(self.request.GET)
        found = form.apply(commissions_of(self.affiliate))
        lines = LongListPaginator(found, PER_PAGE).get_page(self.request.GET.get("page"))
        return super().get_context_data(
            form=form,
            states=[(NAMES[state], meaning) for state, meaning in meanings().items()],
            is_narrowed=any(self.request.GET.get(name) for name in form.fields),
            query=query_without_page(self.request.GET),
            lines=lines,
            shown=[(line, *state_shown(line)) for line in lines],
            objections=objections_of(self.affiliate).open().count(),
            **kwargs,
        )


def state_shown(commission: Commission) -> tuple[str, str]:
    """The name of its state and the kind of its badge."""
    state = state_of(commission)
    return NAMES[state], badge_of(state)


def query_without_page(query: QueryDict) -> str:
    kept = query.copy()
    kept.pop("page", None)
    return kept.urlencode()


def objections_of(affiliate: Affiliate) -> Any:
    """From the objections on, of which there are few: not from the affiliate's sales on, which may be many."""
    own = Commission.objects.filter(pk=OuterRef("commission"), attribution__affiliate=affiliate)
    return Objection.objects.filter(Exists(own))


class ObjectionForm(forms.Form):
    text = forms.CharField(
        label="What do you think is wrong?",
        max_length=4000,
        widget=forms.Textarea({"rows": 4}),
        error_messages={"required": "Please describe what you think is wrong."},
    )


class ReceiptPage(PortalPage):
    """Why a commission is what it is, with a form to object."""

    template_name = "affiliates/portal/receipt.html"
    tab = "commissions"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        commission = self.commission
        objections = list(commission.objections.all())
        return super().get_context_data(
            commission=commission,
            state=state_shown(commission),
            explained=explain_commission(commission),
            objections=objections,
            may_object=not any(one.state == Objection.State.OPEN for one in objections),
            answer_within=ANSWER_WITHIN,
            **{"form": ObjectionForm(), **kwargs},
        )

    @property
    def commission(self) -> Commission:
        explained = ("attribution__affiliate", "attribution__rate__group", "attribution__step__rate")
        lines = commissions_of(self.affiliate).select_related(*explained)
        commission = lines.filter(number=self.kwargs["number"].upper()).first()
        if commission is None:
            raise Http404("There is no such commission in this account.")
        return commission


class ObjectionPage(ReceiptPage):
    """The same page, which receives the objection."""

    def post(self, request: HttpRequest, number: str) -> HttpResponse:
        commission, form = self.commission, ObjectionForm(request.POST)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form))
        try:
            open_objection(commission=commission, text=form.cleaned_data["text"], actor=acting_user(request))
        except ActionRefused as refused:
            messages.error(request, str(refused))
        else:
            messages.success(request, "Thank you. We'll review it and reply by email and here.")
        return redirect("affiliates:portal_commission", number=self.commission.number)


class ObjectionsPage(PortalPage):
    template_name = "affiliates/portal/objections.html"
    tab = "commissions"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        objections = objections_of(self.affiliate).select_related("commission")
        page = Paginator(objections, PER_PAGE).get_page(self.request.GET.get("page"))
        return super().get_context_data(lines=page, **kwargs)
