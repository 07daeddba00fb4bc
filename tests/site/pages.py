"""The addresses that anybody can open, by what they need."""

READING = [
    "/",
    "/services/",
    "/products/bps-pro/",
    "/affiliates/",
    "/affiliates/terms/",
    "/affiliates/applied/",
    "/contact/thanks/Q-ABCDEF/",
    "/privacy/",
    "/privacy/referral/",
    "/privacy/request/sent/ABCDEFGH/",
]
FORMS = [
    "/contact/",
    "/checkout/bps-pro/",
    "/affiliates/apply/",
    "/privacy/request/",
    "/accounts/login/",
    "/accounts/password/",
]
MISSING = ["/no/such/page/", "/products/none/", "/orders/"]
