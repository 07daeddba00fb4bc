"""The readable columns of this app. A visitor's data in them breaks a promise of its own."""

from privacy.registry.clear_text import DOMAIN, PAGE, clear_text

PROMISE = "direct-visits-domain-only"
clear_text(DOMAIN, "traffic_domainday.domain", promise=PROMISE)
clear_text(PAGE, "traffic_pageday.page", promise=PROMISE)
