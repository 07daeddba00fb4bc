from django.urls import path

from . import views

app_name = "contacts"
urlpatterns = [
    path("", views.ContactView.as_view(), name="contact"),
    path("thanks/<str:reference>/", views.ThanksView.as_view(), name="thanks"),
    path("documents/<str:token>/", views.DocumentView.as_view(), name="document"),
]
