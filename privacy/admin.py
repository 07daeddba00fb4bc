"""Mail, requests and opt-outs, for staff."""

from __future__ import annotations

from .addresses.admin import AddressChangeAdmin
from .admin_mail import MailTallyAdmin, OutgoingMailAdmin, UndeliverableAddressAdmin
from .admin_opt_outs import SuppressionAdmin
from .admin_requests import PrivacyRequestAdmin

__all__ = [
    "AddressChangeAdmin",
    "MailTallyAdmin",
    "OutgoingMailAdmin",
    "PrivacyRequestAdmin",
    "SuppressionAdmin",
    "UndeliverableAddressAdmin",
]
