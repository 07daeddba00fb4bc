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
GUESSED = ["/orders/1/"]  # that nobody has such a link, only a look into the orders tells
MISSING = ["/no/such/page/", "/products/none/", *GUESSED]
