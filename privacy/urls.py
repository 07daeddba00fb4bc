from django.urls import path
from django.views.generic import TemplateView

from . import choice_views, evidence_views, views
from .policy import views as policy_views

app_name = "privacy"
urlpatterns = [
    path("", views.PolicyView.as_view(), name="policy"),
    path("evidence/", evidence_views.evidence, name="evidence"),
    path("evidence.json", evidence_views.evidence_json, name="evidence_json"),
    path("choices/", choice_views.AskForChoicesView.as_view(), name="choices_link"),
    path("choices/sent/", TemplateView.as_view(template_name="privacy/choices_sent.html"), name="choices_sent"),
    path("choices/<str:token>/", choice_views.ChoicesView.as_view(), name="choices"),
    path("choices/<str:token>/stop/<str:purpose>/", choice_views.OneClickView.as_view(), name="one_click"),
    path("changes/", policy_views.ChangesView.as_view(), name="changes"),
    path("changes/<int:number>/", policy_views.VersionView.as_view(), name="version"),
    path("request/", views.RequestView.as_view(), name="request"),
    path("request/sent/", TemplateView.as_view(template_name="privacy/request_sent.html"), name="request_sent"),
    path("request/<str:token>/", views.ConfirmView.as_view(), name="confirm"),
    path("correct/<str:token>/", views.CorrectView.as_view(), name="correct"),
    path("archive/<str:token>/", views.ArchiveView.as_view(), name="archive"),
    path("archive/<str:token>/download/", views.ArchiveView.as_view(), {"download": True}, name="archive_download"),
]
