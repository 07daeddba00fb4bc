"""The readable columns of this app."""

from privacy.registry.clear_text import CURRENCY, OWN_NUMBER, PUBLIC, clear_text

clear_text(OWN_NUMBER, "clients_agreement.reference clients_quote.reference")
clear_text(CURRENCY, "clients_quote.currency")
clear_text(PUBLIC, "clients_quote.tax_name")
