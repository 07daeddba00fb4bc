from django.urls import path

from privacy.registry.purpose_binding import for_uses
from privacy.registry.purposes import Audience, Purpose

from .documents.views import DocumentView
from .inquiries.views import ContactView, ThanksView

app_name = "contacts"
urlpatterns = [
    path("", ContactView.as_view(), name="contact"),
    path("thanks/<str:reference>/", ThanksView.as_view(), name="thanks"),
    path("documents/<str:token>/", DocumentView.as_view(), name="document"),
]
for_uses(urlpatterns, (Purpose.ANSWER_INQUIRY, Audience.PERSON), (Purpose.QUOTE, Audience.PERSON))
