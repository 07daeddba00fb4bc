from django.contrib.auth.views import LogoutView
from django.urls import path
from django.views.generic import TemplateView

from privacy.registry.purpose_binding import for_uses
from privacy.registry.purposes import Audience, Purpose

from . import account_views
from .second_factor import views as second_factor
from .sign_in import views

app_name = "accounts"
urlpatterns = [
    path("", views.home, name="home"),
    path("login/", views.SignInView.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("code/", second_factor.CodeView.as_view(), name="code"),
    path("authenticator/", second_factor.AuthenticatorView.as_view(), name="authenticator"),
    path("authenticator/remove/", second_factor.remove_authenticator, name="authenticator_remove"),
    path("recovery-codes/", second_factor.recovery_codes, name="recovery_codes"),
    path("recovery-codes/new/", second_factor.renew_recovery_codes, name="recovery_codes_renew"),
    path("recovery-codes/recovery-codes.txt", second_factor.recovery_codes_file, name="recovery_codes_file"),
    path("security/", account_views.account, name="account"),
    path("security/password/", account_views.ChangePasswordView.as_view(), name="password_change"),
    path("security/sessions/end/", account_views.end_other_sessions, name="sessions_end"),
    path("security/sessions/<uuid:session_id>/end/", account_views.end_session, name="session_end"),
    path("password/", views.PasswordResetRequestView.as_view(), name="password_reset"),
    path(
        "password/sent/",
        TemplateView.as_view(template_name="accounts/password_reset_sent.html"),
        name="password_reset_sent",
    ),
    path("password/<uidb64>/<token>/", views.SetPasswordView.as_view(), name="password_set"),
]
for_uses(urlpatterns, (Purpose.AFFILIATE_ACCOUNT, Audience.PERSON), (Purpose.STAFF_ACCOUNT, Audience.PERSON))
