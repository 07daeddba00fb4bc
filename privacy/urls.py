from django.urls import path
from django.views.generic import TemplateView

from . import evidence_views, views
from .policy import views as policy_views

app_name = "privacy"
urlpatterns = [
    path("", views.PolicyView.as_view(), name="policy"),
    path("evidence/", evidence_views.evidence, name="evidence"),
    path("evidence.json", evidence_views.evidence_json, name="evidence_json"),
    path("changes/", policy_views.ChangesView.as_view(), name="changes"),
    path("changes/<int:number>/", policy_views.VersionView.as_view(), name="version"),
    path("request/", views.RequestView.as_view(), name="request"),
    path("request/sent/", TemplateView.as_view(template_name="privacy/request_sent.html"), name="request_sent"),
    path("request/<str:token>/", views.ConfirmView.as_view(), name="confirm"),
    path("correct/<str:token>/", views.CorrectView.as_view(), name="correct"),
    path("archive/<str:token>/", views.ArchiveView.as_view(), name="archive"),
    path("archive/<str:token>/download/", views.ArchiveView.as_view(), {"download": True}, name="archive_download"),
]
