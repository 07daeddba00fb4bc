"""Mail, requests and opt-outs, for staff."""

from __future__ import annotations

from .address_changes import AddressChangeAdmin
from .mail import MailTallyAdmin, OutgoingMailAdmin, UndeliverableAddressAdmin
from .opt_outs import SuppressionAdmin
from .requests import PrivacyRequestAdmin

__all__ = [
    "AddressChangeAdmin",
    "MailTallyAdmin",
    "OutgoingMailAdmin",
    "PrivacyRequestAdmin",
    "SuppressionAdmin",
    "UndeliverableAddressAdmin",
]
