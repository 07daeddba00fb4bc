"""PayPal errors, named by what the caller must do about them.

No message contains a request, a response or personal data: only PayPal's codes, field names and the debug id.
"""

from __future__ import annotations


class PayPalError(Exception):
    """The base class. `issues` are PayPal's codes, such as `DUPLICATE_INVOICE_ID`; `debug_id` identifies the call."""

    what = "PayPal could not do this"

    def __init__(self, what: str = "", *, issues: tuple[str, ...] = (), debug_id: str | None = None) -> None:
        self.issues = issues
        self.debug_id = debug_id
        super().__init__(_sentence(what or self.what, issues, debug_id))


class NotConfigured(PayPalError):
    """A setting is missing, or PayPal rejects the credentials. Nothing was done; the operator must act."""

    what = "PayPal is not configured"


class Transient(PayPalError):
    """Timeout, 429, 5xx or an unreadable response: **unknown** outcome. Look it up, or retry with the same key."""

    what = "PayPal did not answer; the outcome is unknown"


class Conflict(PayPalError):
    """The same request is still in progress, or its invoice id is already paid: look it up first."""

    what = "PayPal already has this request or this invoice"


class Invalid(PayPalError):
    """PayPal rejected the request; nothing was done. `fields` are the invalid fields."""

    what = "PayPal refused the request"

    def __init__(
        self,
        what: str = "",
        *,
        issues: tuple[str, ...] = (),
        fields: tuple[str, ...] = (),
        debug_id: str | None = None,
    ) -> None:
        self.fields = fields
        super().__init__(what, issues=issues, debug_id=debug_id)


class PayerActionRequired(PayPalError):
    """The payer must return to PayPal to approve or to choose another payment method, at `approve_url` if PayPal gives
    one."""

    what = "The payer has to act at PayPal first"

    def __init__(
        self,
        what: str = "",
        *,
        issues: tuple[str, ...] = (),
        approve_url: str | None = None,
        debug_id: str | None = None,
    ) -> None:
        self.approve_url = approve_url
        super().__init__(what, issues=issues, debug_id=debug_id)


class Declined(PayPalError):
    """The payment is declined for this payer: make a new attempt or give up."""

    what = "PayPal declined the payment"


class AlreadyCaptured(PayPalError):
    """The order was captured before: GET the order and use its capture."""

    what = "The order is already captured"


class Expired(PayPalError):
    """404: PayPal doesn't know this id (any more). Unpaid orders expire after about three hours."""

    what = "PayPal does not know this any more"


class DuplicateBatch(PayPalError):
    """This sender_batch_id was used before. `batch_id` is the existing batch, if PayPal names it."""

    what = "The payout batch was sent before"

    def __init__(
        self,
        what: str = "",
        *,
        issues: tuple[str, ...] = (),
        batch_id: str | None = None,
        debug_id: str | None = None,
    ) -> None:
        self.batch_id = batch_id
        super().__init__(what, issues=issues, debug_id=debug_id)


class WebhookRejected(PayPalError):
    """The request is not a webhook event signed by PayPal for this site. `reason` is a constant text."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def _sentence(what: str, issues: tuple[str, ...], debug_id: str | None) -> str:
    codes = f": {', '.join(issues)}" if issues else ""
    return f"{what}{codes}" + (f" (debug id {debug_id})" if debug_id else "")
