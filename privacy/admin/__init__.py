"""The admin of mail, privacy requests, opt-outs and the audit log."""

from __future__ import annotations

from .address_changes import AddressChangeAdmin
from .audit import AuditEntryAdmin
from .mail import MailTallyAdmin, OutgoingMailAdmin, UndeliverableAddressAdmin
from .mail_texts import MailTextAdmin
from .opt_outs import SuppressionAdmin
from .requests import PrivacyRequestAdmin

__all__ = [
    "AddressChangeAdmin",
    "AuditEntryAdmin",
    "MailTallyAdmin",
    "MailTextAdmin",
    "OutgoingMailAdmin",
    "PrivacyRequestAdmin",
    "SuppressionAdmin",
    "UndeliverableAddressAdmin",
]
