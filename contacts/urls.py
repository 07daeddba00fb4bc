from django.urls import path

from privacy.purposes import Audience, Purpose
from privacy.reading import for_uses

from . import views

app_name = "contacts"
urlpatterns = [
    path("", views.ContactView.as_view(), name="contact"),
    path("thanks/<str:reference>/", views.ThanksView.as_view(), name="thanks"),
    path("documents/<str:token>/", views.DocumentView.as_view(), name="document"),
]
for_uses(urlpatterns, (Purpose.ANSWER_INQUIRY, Audience.PERSON), (Purpose.QUOTE, Audience.PERSON))
