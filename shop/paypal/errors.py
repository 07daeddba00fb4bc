"""What can go wrong with PayPal, named by what the caller must do about it.

No message holds a request, an answer or anything personal: only PayPal's own codes, field names and the debug id
that PayPal's support asks for.
"""

from __future__ import annotations


class PayPalError(Exception):
    """The family. `issues` are PayPal's codes, such as `DUPLICATE_INVOICE_ID`; `debug_id` names the call at PayPal."""

    what = "PayPal could not do this"

    def __init__(self, what: str = "", *, issues: tuple[str, ...] = (), debug_id: str | None = None) -> None:
        self.issues = issues
        self.debug_id = debug_id
        super().__init__(_sentence(what or self.what, issues, debug_id))


class NotConfigured(PayPalError):
    """A setting is missing, or PayPal refuses the credentials. Nothing was done; a human must act."""

    what = "PayPal is not configured"


class Transient(PayPalError):
    """Timeout, 429, 5xx or an unreadable answer: the outcome is **unknown**. Look it up, or repeat under its key."""

    what = "PayPal did not answer; the outcome is unknown"


class Conflict(PayPalError):
    """The same request is still running, or its invoice number is already paid: look up before anything else."""

    what = "PayPal already has this request or this invoice"


class Invalid(PayPalError):
    """PayPal refused the request for good; nothing was done. `fields` are the places it complained about."""

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
    """The payer must go back to PayPal to approve, or to choose another way to pay: `approve_url` where PayPal says."""

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
    """The payment is refused for this payer: a new attempt or none."""

    what = "PayPal declined the payment"


class AlreadyCaptured(PayPalError):
    """The money of this order was taken before: GET the order and adopt its capture."""

    what = "The order is already captured"


class Expired(PayPalError):
    """404: PayPal does not know this id, or no longer. Orders last about three hours."""

    what = "PayPal does not know this any more"


class DuplicateBatch(PayPalError):
    """This sender_batch_id was used before. `batch_id` is the payout it made, where PayPal tells."""

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
    """A message that PayPal did not sign for this site. `reason` is one of a few constant texts."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def _sentence(what: str, issues: tuple[str, ...], debug_id: str | None) -> str:
    codes = f": {', '.join(issues)}" if issues else ""
    return f"{what}{codes}" + (f" (debug id {debug_id})" if debug_id else "")
