"""The messages of this floor."""

from .mail import mail_kind
from .models import PrivacyRequest
from .purposes import Purpose

# The person typed the address a moment ago and asked for exactly this message.
REQUEST_CONFIRMATION = mail_kind(
    "privacy/request_confirmation",
    purpose=Purpose.PRIVACY_REQUEST,
    about="privacy.PrivacyRequest",
    live=lambda request: request.state == PrivacyRequest.State.UNCONFIRMED,
    despite_opt_out=True,
    holds_link=True,
)
