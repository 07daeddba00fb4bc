"""Access tokens: issued for client credentials, required by every API path."""

import base64
import binascii
import hmac
import secrets
from collections.abc import Callable
from datetime import timedelta
from functools import wraps

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_POST

from paypal_standin import clock
from paypal_standin.models import Token

from .errors import ApiError

LIFETIME = 32400  # seconds; nine hours, as PayPal's
SCOPES = (
    "https://uri.paypal.com/services/payments/payment",
    "https://uri.paypal.com/services/disputes/read-seller",
    "https://uri.paypal.com/payments/payouts",
)
View = Callable[..., HttpResponse]


@require_POST
def issue_token(request: HttpRequest) -> JsonResponse:
    """POST /v1/oauth2/token: a token for the right client id and secret, else 401."""
    if not _knows_secret(request.headers.get("Authorization", "")):
        return _oauth_error(401, "invalid_client", "Client Authentication failed")
    if request.POST.get("grant_type") != "client_credentials":
        return _oauth_error(400, "unsupported_grant_type", "Grant Type is unsupported")
    return JsonResponse(_new_token())


def _oauth_error(status: int, error: str, description: str) -> JsonResponse:
    return JsonResponse({"error": error, "error_description": description}, status=status)


def _new_token() -> dict[str, str | int]:
    now = clock.now()
    Token.objects.filter(expires_at__lt=now).delete()
    token = Token.objects.create(key=f"A21AA{secrets.token_urlsafe(32)}", expires_at=now + timedelta(seconds=LIFETIME))
    return {
        "scope": " ".join(SCOPES),
        "access_token": token.key,
        "token_type": "Bearer",
        "app_id": "APP-STANDIN",
        "expires_in": LIFETIME,
        "nonce": f"{now:%Y-%m-%dT%H:%M:%SZ}{secrets.token_urlsafe(16)}",
    }


def _knows_secret(authorization: str) -> bool:
    scheme, _, encoded = authorization.partition(" ")
    try:
        given = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return False
    expected = f"{settings.CLIENT_ID}:{settings.CLIENT_SECRET}".encode()
    return scheme.lower() == "basic" and hmac.compare_digest(given, expected)


def bearer_required(view: View) -> View:
    """Require a valid, unexpired bearer token."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        known = Token.objects.filter(key=key.strip(), expires_at__gt=clock.now()).exists()
        if scheme.lower() != "bearer" or not known:
            raise ApiError(401, "AUTHENTICATION_FAILURE")
        return view(request, *args, **kwargs)

    return guarded
