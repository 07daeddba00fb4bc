"""Included last: every other address of the site comes first."""

from django.urls import path

from privacy.registry.purpose_binding import for_uses

from .views import PageView

app_name = "pages"
urlpatterns = [path("<slug:slug>/", PageView.as_view(), name="page")]
for_uses(urlpatterns)  # nobody's rows
