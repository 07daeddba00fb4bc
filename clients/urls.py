from django.urls import path

from privacy.registry.purpose_binding import for_uses
from privacy.registry.purposes import Audience, Purpose

from .quotes import views

app_name = "clients"
urlpatterns = [
    path("<str:link_token>/", views.quote, name="quote"),
    path("<str:link_token>/accept/", views.accept, name="accept"),
    path("<str:link_token>/decline/", views.decline, name="decline"),
    path("<str:link_token>/quote.pdf", views.pdf, name="pdf"),
]
for_uses(urlpatterns, (Purpose.QUOTE, Audience.PERSON), (Purpose.ORDER, Audience.PERSON))
