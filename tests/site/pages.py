"""The public URLs, by the rows they need."""

READING = [
    "/",
    "/services/",
    "/about/",
    "/support/",
    "/products/",
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
GUESSED = ["/orders/1/"]  # only a query of the orders shows that the link is invalid
MISSING = ["/no/such/page/", "/products/none/", *GUESSED]
