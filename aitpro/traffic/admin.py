"""The staff traffic page: chart, pages and domains, with CSV downloads."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone

from privacy.admin_base.readonly import ReadOnlyAdmin
from privacy.web.bar_chart import bars
from privacy.web.csv_export import csv_response

from .forms import TrafficPeriodForm
from .models import DomainDay
from .reports import SHOWN_FROM

LINES = 25  # rows of the domain and page tables


@admin.register(DomainDay)
class TrafficAdmin(ReadOnlyAdmin):
    def get_urls(self) -> list[Any]:
        download = self.admin_site.admin_view(self.download)
        return [path("<slug:table>.csv", download, name="traffic_download"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        form = self._period(request)
        report = form.report()
        context = {
            **self.admin_site.each_context(request),
            "title": "Traffic",
            "opts": self.model._meta,
            "form": form,
            "report": report,
            "bars": bars([(f"{day:%B %-d, %Y}: {views}", views) for day, views in report.days]),
            "lines": LINES,
            "shown_from": SHOWN_FROM,
        }
        return TemplateResponse(request, "traffic/admin/report.html", context)

    def download(self, request: HttpRequest, table: str) -> StreamingHttpResponse:
        report = self._period(request).report()
        try:
            rows = report.table(table)
        except KeyError:
            raise Http404 from None
        heading = (table.removesuffix("s"), "views")
        return csv_response(f"traffic-{table}-{report.first}-{report.last}.csv", [heading, *rows])

    def _period(self, request: HttpRequest) -> TrafficPeriodForm:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return TrafficPeriodForm(request.GET or None, today=timezone.now().date())
