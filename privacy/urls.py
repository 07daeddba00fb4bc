from django.urls import path

from .evidence import views as evidence_views
from .policy import policy_view
from .policy import views as policy_views
from .preferences import views as choice_views
from .registry.purpose_binding import for_uses
from .registry.purposes import Audience, Purpose
from .requests import views as request_views

app_name = "privacy"
urlpatterns = [
    path("", policy_view.PolicyView.as_view(), name="policy"),
    path("evidence/", evidence_views.evidence, name="evidence"),
    path("evidence.json", evidence_views.evidence_json, name="evidence_json"),
    path("evidence.pem", evidence_views.evidence_key, name="evidence_key"),
    path("choices/", choice_views.PreferencesLinkView.as_view(), name="choices_link"),
    path("choices/sent/", choice_views.PreferencesLinkSentView.as_view(), name="choices_sent"),
    path("choices/<str:token>/", choice_views.PreferencesView.as_view(), name="choices"),
    path("choices/<str:token>/stop/<str:purpose>/", choice_views.OneClickView.as_view(), name="one_click"),
    path("changes/", policy_views.ChangesView.as_view(), name="changes"),
    path("changes/<int:number>/", policy_views.VersionView.as_view(), name="version"),
    path("request/", request_views.RequestView.as_view(), name="request"),
    path("request/sent/<str:reference>/", request_views.RequestSentView.as_view(), name="request_sent"),
    path("request/<str:token>/", request_views.ConfirmRequestView.as_view(), name="confirm"),
    path("request/<str:token>/archive-first/", request_views.ArchiveFirstView.as_view(), name="archive_first"),
    path("request/<str:token>/<str:kind>/", request_views.ResultView.as_view(), name="result"),
    path("correct/<str:token>/", request_views.CorrectView.as_view(), name="correct"),
    path("archive/<str:token>/", request_views.ArchiveView.as_view(), name="archive"),
    path(
        "archive/<str:token>/download/",
        request_views.ArchiveView.as_view(),
        {"download": True},
        name="archive_download",
    ),
]
for_uses(urlpatterns, (Purpose.PRIVACY_REQUEST, Audience.PERSON))
