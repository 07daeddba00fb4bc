"""Addresses of the shop's reports."""

from django.urls import path

from privacy.registry.purpose_binding import for_uses
from privacy.registry.purposes import Audience, Purpose

from . import views

urlpatterns = [
    path("", views.report, name="report"),
    path("<slug:key>.csv", views.download, name="report_file"),
]
STAFF_READ = ((Purpose.ORDER, Audience.STAFF), (Purpose.REFERRAL_TRACKING, Audience.STAFF))
# A report counts orders, also by the affiliates who brought them. One of the files lists the payouts to affiliates.
for_uses(urlpatterns[:1], *STAFF_READ)
for_uses(urlpatterns[1:], *STAFF_READ, (Purpose.AFFILIATE_ACCOUNT, Audience.STAFF))
