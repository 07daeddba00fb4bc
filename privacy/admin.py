"""Mail, requests and opt-outs, for staff."""

from __future__ import annotations

from .admin_mail import MailTallyAdmin, OutgoingMailAdmin, UndeliverableAddressAdmin
from .admin_opt_outs import SuppressionAdmin
from .admin_requests import PrivacyRequestAdmin

__all__ = [
    "MailTallyAdmin",
    "OutgoingMailAdmin",
    "PrivacyRequestAdmin",
    "SuppressionAdmin",
    "UndeliverableAddressAdmin",
]
