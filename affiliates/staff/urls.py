"""Addresses of staff pages outside the admin's lists."""

from django.urls import path

from privacy.registry.purpose_binding import for_uses
from privacy.registry.purposes import Audience, Purpose

from . import explanation_views as why
from . import report_views, yearly_views

urlpatterns = [
    path("payoutitem/<uuid:item_id>/explain/", why.payout, name="why_payout"),
    path("affiliate/<uuid:affiliate_id>/balance/<str:currency>/", why.balance, name="why_balance"),
    path("ledgerentry/<uuid:entry_id>/explain/", why.ledger_line, name="why_ledger_line"),
    path("reports/", report_views.report, name="report"),
    path("reports/report.csv", report_views.download, name="report_file"),
    path("reports/year/", yearly_views.yearly, name="yearly"),
    path("reports/year.csv", yearly_views.download, name="yearly_file"),
    path("why/", why.order, name="why_order"),
]
for_uses(urlpatterns, (Purpose.AFFILIATE_ACCOUNT, Audience.STAFF), (Purpose.REFERRAL_TRACKING, Audience.STAFF))
