"""Who is asking: the token in the Authorization header. Cookies and parameters don't count.

The lookup is one query by keyed digest. What the digest of a guess is, nobody outside can know, so that the time of the
lookup reveals nothing. The owner is checked each time: what an administrator, a role or an affiliate's state takes away
is gone with the next request.
"""

from __future__ import annotations

from datetime import UTC, datetime
from hmac import compare_digest

from django.contrib.auth.models import Permission
from django.db.models import Exists, OuterRef, Q, Value
from django.http import HttpRequest

from api.errors import ApiError, forbidden, invalid_token, too_many_requests
from api.models import ApiToken
from api.scopes import PERMISSIONS, Scope
from privacy.registry.purpose_binding import reads
from privacy.registry.purposes import Purpose
from privacy.web.client_address import client_address
from privacy.web.rate_limits import has_room, network_of, seconds_left

from .digests import TOKEN, digests

MINUTE = 60  # seconds
PER_MINUTE = 120  # requests with one token
WRONG_TOKENS = 60  # an hour from one network; then it is told to wait

UNKNOWN = "This token is unknown. It may have been revoked, or was not copied as a whole."


@reads("api_apitoken", purpose=Purpose.AFFILIATE_ACCOUNT)
def authenticate(request: HttpRequest, *, scope: Scope, now: datetime) -> ApiToken:
    """The token, with its owner and, for an affiliate's scope, the affiliate. Raises `ApiError`."""
    sent = _sent_token(request)
    found = digests(sent)
    tokens = ApiToken.objects.filter(digest__in=found).select_related("owner", "owner__affiliate")
    token = tokens.annotate(is_permitted=_is_permitted(scope)).first()
    if token is None or not any(compare_digest(token.digest, one) for one in found):
        raise _wrong_token(request, now)
    _require_working(token, now)
    if not has_room("api token", str(token.pk), slots=PER_MINUTE, now=now, window=MINUTE):
        raise too_many_requests(f"A token may make {PER_MINUTE} requests a minute.", seconds=seconds_left(now, MINUTE))
    _require_scope(token, scope)
    _note_use(token, digest=found[0], now=now)
    return token


def _sent_token(request: HttpRequest) -> str:
    kind, _, sent = request.headers.get("Authorization", "").partition(" ")
    if not kind:
        raise ApiError(
            401,
            "token_required",
            "Send a token in the header: Authorization: Bearer api_…",
            headers={"WWW-Authenticate": 'Bearer realm="api"'},
        )
    if kind.lower() != "bearer" or not TOKEN.fullmatch(sent.strip()):
        raise invalid_token("The header should be: Authorization: Bearer, and a token that begins with api_.")
    return sent.strip()


def _is_permitted(scope: Scope) -> Exists | Value:
    """Whether the owner has the permission of the scope, by role or personally, in the same query."""
    if scope not in PERMISSIONS:
        return Value(True)
    app, _, codename = PERMISSIONS[scope].partition(".")
    held = Q(group__user=OuterRef("owner")) | Q(user=OuterRef("owner"))
    return Exists(Permission.objects.filter(held, content_type__app_label=app, codename=codename))


def _wrong_token(request: HttpRequest, now: datetime) -> ApiError:
    if has_room("api wrong tokens", network_of(client_address(request)), slots=WRONG_TOKENS, now=now):
        return invalid_token(UNKNOWN)
    return too_many_requests("Too many unknown tokens came from this network.", seconds=seconds_left(now))


def _require_working(token: ApiToken, now: datetime) -> None:
    if token.expires_at <= now:
        raise invalid_token("This token has expired. Make a new one in your account.", "token_expired")
    if token.made_at > now:  # made while the clock was ahead; it would last too long
        raise invalid_token(UNKNOWN)
    if not token.owner.is_active:
        raise invalid_token("The account of this token is closed.", "account_inactive")


def _require_scope(token: ApiToken, scope: Scope) -> None:
    if not token.may_read(scope):
        raise forbidden("scope_required", f"This token may not read this: it lacks the scope {scope}.")
    owner = token.owner
    if scope in PERMISSIONS:
        if not owner.is_staff or not (owner.is_superuser or token.is_permitted):  # type: ignore[attr-defined]
            raise forbidden("permission_required", "Your role at this site doesn't include this.")
        return
    affiliate = getattr(owner, "affiliate", None)
    if affiliate is None or not affiliate.is_active:
        raise forbidden("account_inactive", "The affiliate account of this token is not active.")


def _note_use(token: ApiToken, *, digest: str, now: datetime) -> None:
    """One statement a day. A digest with a former root key is written anew, so that the key can be removed."""
    today = now.astimezone(UTC).date()
    if token.last_used_on != today or token.digest != digest:
        ApiToken.objects.filter(pk=token.pk).update(last_used_on=today, digest=digest)
