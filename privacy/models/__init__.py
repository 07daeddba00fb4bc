"""Models of the privacy app: outgoing mail, opt-outs, privacy requests and their archives, heartbeats."""

from __future__ import annotations

from .address_index import AddressChange, AddressIndexing
from .archive import AccessArchive
from .attack import Attempt, Breach
from .consent import ChoicesRequest, MailTally, Suppression, UndeliverableAddress
from .day_sums import ChangedMoment, DaySum, SummedDays
from .erasure_mark import ErasureMark
from .evidence import Measurement, PromiseState
from .heartbeat import Heartbeat
from .key_check import KeyCheck
from .limit_slot import LimitSlot
from .mail_text import MailText, MailTextVersion
from .outgoing_mail import OutgoingMail
from .request import PrivacyRequest, new_reference
from .submitted_form import SubmittedForm

__all__ = [
    "AccessArchive",
    "AddressChange",
    "AddressIndexing",
    "Attempt",
    "Breach",
    "ChangedMoment",
    "ChoicesRequest",
    "DaySum",
    "ErasureMark",
    "Heartbeat",
    "KeyCheck",
    "LimitSlot",
    "MailTally",
    "MailText",
    "MailTextVersion",
    "Measurement",
    "OutgoingMail",
    "PrivacyRequest",
    "PromiseState",
    "SubmittedForm",
    "SummedDays",
    "Suppression",
    "UndeliverableAddress",
    "new_reference",
]
