"""PayPal's error envelope: `{name, message, debug_id, details[], links[]}`."""

from typing import Any

Json = dict[str, Any]

MESSAGES = {
    "INVALID_REQUEST": "Request is not well-formed, syntactically incorrect, or violates schema.",
    "AUTHENTICATION_FAILURE": (
        "Authentication failed due to missing authorization header, or invalid authentication credentials."
    ),
    "RESOURCE_NOT_FOUND": "The specified resource does not exist.",
    "RESOURCE_CONFLICT": "The server has detected a conflict while processing this request.",
    "UNSUPPORTED_MEDIA_TYPE": "The server does not support the request payload's media type.",
    "UNPROCESSABLE_ENTITY": (
        "The requested action could not be performed, semantically incorrect, or failed business validation."
    ),
    "INTERNAL_SERVER_ERROR": "An internal server error occurred.",
    "SERVICE_UNAVAILABLE": "Service Unavailable.",
    "RATE_LIMIT_REACHED": "Too many requests. Blocked due to rate limiting.",
    "VALIDATION_ERROR": "Invalid request - see details",
    "USER_BUSINESS_ERROR": "User business error.",
    "ITEM_INCORRECT_STATUS": "Only an unclaimed payout item can be cancelled.",
}

# Word for word from PayPal's OpenAPI files, which list them as the only values.
DESCRIPTIONS = {
    "INVALID_ARRAY_MAX_ITEMS": "The number of items in an array parameter is too large.",
    "INVALID_ARRAY_MIN_ITEMS": "The number of items in an array parameter is too small.",
    "INVALID_PARAMETER_SYNTAX": "The value of a field does not conform to the expected format.",
    "INVALID_STRING_LENGTH": "The value of a field is either too short or too long",
    "INVALID_PARAMETER_VALUE": "A parameter value is not valid.",
    "MISSING_REQUIRED_PARAMETER": "A required parameter is missing.",
    "MALFORMED_REQUEST_JSON": "The request JSON is not well formed.",
    "PAYPAL_REQUEST_ID_REQUIRED": (
        "A PayPal-Request-Id is required if you are trying to process payment for an Order. Please specify a "
        "PayPal-Request-Id or Create the Order without a 'payment_source' specified."
    ),
    "INVALID_RESOURCE_ID": "Specified resource ID does not exist. Please check the resource ID and try again.",
    "PREVIOUS_REQUEST_IN_PROGRESS": (
        "A previous request on this resource is currently in progress. Please wait for sometime and try again. "
        "It is best to space out the initial and the subsequent request(s) to avoid receiving this error."
    ),
    "AMOUNT_MISMATCH": (
        "Should equal item_total + tax_total + shipping + handling + insurance - shipping_discount - discount."
    ),
    "CANNOT_BE_ZERO_OR_NEGATIVE": (
        "Must be greater than zero. If the currency supports decimals, only two decimal place precision is supported."
    ),
    "CANNOT_BE_NEGATIVE": (
        "Must be greater than or equal to 0. If the currency supports decimals, only two decimal place precision is "
        "supported."
    ),
    "DECIMAL_PRECISION": "If the currency supports decimals, only two decimal place precision is supported.",
    "DUPLICATE_REFERENCE_ID": "`reference_id` must be unique if multiple `purchase_unit` are provided.",
    "INVALID_CURRENCY_CODE": (
        "Currency code is invalid or is not currently supported. Please refer "
        "https://developer.paypal.com/api/rest/reference/currency-codes/ for list of supported currency codes."
    ),
    "ITEM_TOTAL_MISMATCH": ("Should equal sum of (unit_amount * quantity) across all items for a given purchase_unit."),
    "ITEM_TOTAL_REQUIRED": (
        "If item details are specified (items.unit_amount and items.quantity) corresponding "
        "amount.breakdown.item_total is required."
    ),
    "MAX_VALUE_EXCEEDED": "Should be less than or equal to 999999999999999.99.",
    "MULTI_CURRENCY_ORDER": (
        "Multiple differing values of currency_code are not supported. Entire Order request must have the same "
        "currency_code."
    ),
    "REFERENCE_ID_REQUIRED": (
        "'reference_id' is required for each 'purchase_unit' if multiple 'purchase_unit' are provided."
    ),
    "TAX_TOTAL_MISMATCH": "Should equal sum of (tax * quantity) across all items for a given purchase_unit.",
    "TAX_TOTAL_REQUIRED": (
        "If item details are specified (items.tax_total and items.quantity) corresponding amount.breakdown.tax_total "
        "is required."
    ),
    "COMPLIANCE_VIOLATION": "Transaction is declined due to compliance violation.",
    "DUPLICATE_INVOICE_ID": (
        "Duplicate Invoice ID detected. To avoid a potential duplicate transaction your account setting requires that "
        "Invoice Id be unique for each transaction."
    ),
    "INSTRUMENT_DECLINED": (
        "The instrument presented  was either declined by the processor or bank, or it can't be used for this payment."
    ),
    "MAX_NUMBER_OF_PAYMENT_ATTEMPTS_EXCEEDED": "You have exceeded the maximum number of payment attempts.",
    "ORDER_ALREADY_CAPTURED": ("Order already captured.If 'intent=CAPTURE' only one capture per order is allowed."),
    "ORDER_NOT_APPROVED": (
        "Payer has not yet approved the Order for payment. Please redirect the payer to the 'rel':'approve' url "
        "returned as part of the HATEOAS links within the Create Order call or provide a valid `payment_source` in "
        "the request."
    ),
    "PAYER_ACTION_REQUIRED": ("Transaction cannot complete successfully, instruct the buyer to return to PayPal."),
    "PAYER_CANNOT_PAY": (
        "Payer cannot pay for this transaction. Please contact the payer to find other ways to pay for this "
        "transaction."
    ),
    "REDIRECT_PAYER_FOR_ALTERNATE_FUNDING": (
        "Transaction failed. Redirect the payer to select another funding source."
    ),
    "TRANSACTION_REFUSED": "The request was refused.",
    "CAPTURE_FULLY_REFUNDED": "The capture has already been fully refunded",
    "PENDING_CAPTURE": (
        "Cannot initiate a refund as the capture is pending. Capture is typically pending when the payer has funded "
        "the transaction using e-check/bank funded."
    ),
    "REFUND_AMOUNT_EXCEEDED": (
        "The refund amount must be less than or equal to the capture amount that has not yet been refunded."
    ),
    "REFUND_CAPTURE_CURRENCY_MISMATCH": "Refund must be in the same currency as the capture",
    "REFUND_FAILED_INSUFFICIENT_FUNDS": (
        "Capture could not be refunded due to insufficient funds. Please check to see if you have sufficient funds in "
        "your PayPal account or if the bank account linked to your PayPal account is verified and has sufficient funds."
    ),
    "REFUND_NOT_ALLOWED": "Capture cannot be refunded.",
    "REFUND_TIME_LIMIT_EXCEEDED": "You are over the time limit to perform a refund on this capture",
    "TRANSACTION_DISPUTED": (
        "Partial refunds cannot be offered at this time because there is an open case on this transaction. Visit the "
        "PayPal Resolution Center to review this case."
    ),
}


class ApiError(Exception):
    """An error that is answered with PayPal's error envelope."""

    def __init__(
        self, status: int, name: str, details: list[Json] | None = None, links: list[Json] | None = None
    ) -> None:
        super().__init__(name)
        self.status, self.name, self.details, self.links = status, name, details or [], links or []

    def envelope(self, debug_id: str) -> Json:
        """The answer's body."""
        body: Json = {"name": self.name, "message": MESSAGES[self.name], "debug_id": debug_id}
        return body | {"details": self.details, "links": self.links}


def detail(issue: str, field: str = "", value: object = None) -> Json:
    """One entry of `details`."""
    found: Json = {"issue": issue, "description": DESCRIPTIONS.get(issue, issue)}
    if field:
        found |= {"field": field, "location": "body"}
    return found if value is None else found | {"value": str(value)}


def malformed(issue: str, field: str = "", value: object = None) -> ApiError:
    """400: the request does not follow the schema."""
    return ApiError(400, "INVALID_REQUEST", [detail(issue, field, value)])


def unprocessable(issue: str, field: str = "", value: object = None, links: list[Json] | None = None) -> ApiError:
    """422: well-formed, but it cannot be done."""
    return ApiError(422, "UNPROCESSABLE_ENTITY", [detail(issue, field, value)], links)


def not_found() -> ApiError:
    """404: unknown, or expired."""
    return ApiError(404, "RESOURCE_NOT_FOUND", [detail("INVALID_RESOURCE_ID")])


def in_progress() -> ApiError:
    """409: the same request is being worked on at this moment."""
    return ApiError(409, "RESOURCE_CONFLICT", [detail("PREVIOUS_REQUEST_IN_PROGRESS")])
