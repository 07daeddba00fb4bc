"""Addresses of the shop's reports."""

from django.urls import path

from privacy.registry.purpose_binding import for_uses
from privacy.registry.purposes import Audience, Purpose

from . import views

urlpatterns = [
    path("", views.report, name="report"),
    path("<slug:key>.csv", views.download, name="report_file"),
]
# A report counts orders, also by the affiliates who brought them.
for_uses(urlpatterns, (Purpose.ORDER, Audience.STAFF), (Purpose.REFERRAL_TRACKING, Audience.STAFF))
