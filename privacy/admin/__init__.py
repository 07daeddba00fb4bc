"""Mail, requests, opt-outs and the audit, for staff."""

from __future__ import annotations

from .address_changes import AddressChangeAdmin
from .audit import AuditEntryAdmin
from .mail import MailTallyAdmin, OutgoingMailAdmin, UndeliverableAddressAdmin
from .opt_outs import SuppressionAdmin
from .requests import PrivacyRequestAdmin

__all__ = [
    "AddressChangeAdmin",
    "AuditEntryAdmin",
    "MailTallyAdmin",
    "OutgoingMailAdmin",
    "PrivacyRequestAdmin",
    "SuppressionAdmin",
    "UndeliverableAddressAdmin",
]
