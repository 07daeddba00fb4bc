"""The readable columns of this app."""

from privacy.registry.clear_text import OWN_NUMBER, clear_text

clear_text(OWN_NUMBER, "clients_agreement.reference")
