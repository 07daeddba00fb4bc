"""Policy changes: what the policy lacks can't be used, and no version takes effect before everyone was notified."""

from __future__ import annotations

from unittest import mock

from django.utils import timezone

from privacy.evidence.rehearsal.cast import OWNER, STAFF
from privacy.evidence.rehearsal.personal_data_map import sealed_values
from privacy.evidence.rehearsal.probes import Stage, probe
from privacy.evidence.rehearsal.rehearsal import Rehearsal, SiteBrowser
from privacy.models import PrivacyRequest
from privacy.policy.models import PolicyVersion
from privacy.registry import policy_gate
from privacy.registry.policy_snapshot import running, without

LIST = "/admin/policy/policyversion/"
CLOSED = "privacy_privacyrequest.details"


@probe("change-notice", stage=Stage.PLANT)
def what_the_policy_lacks_is_not_taken(rehearsal: Rehearsal) -> None:
    """Simulates code that collects a detail missing in the version in effect; a visitor submits it anyway."""
    asker = rehearsal.browser("asker of something new")
    snapshot = without(running(), [CLOSED])
    details = rehearsal.canary(asker.who, "details", kept=False)
    with mock.patch.object(type(PolicyVersion._default_manager), "in_effect_snapshot", lambda manager: snapshot):
        policy_gate.forget()
        try:
            page = asker.open("/privacy/request/?kind=access")
            rehearsal.tried()
            if page.select_one("[name=details]:not([disabled])"):
                rehearsal.breach("change-notice", "a form asks for what the policy does not name")
            asker.submit("Send me the link", kind="access", email=rehearsal.address(asker.who), details=details)
        finally:
            policy_gate.forget()
    stored = [value for row, _, value in sealed_values() if isinstance(row, PrivacyRequest)]
    if any(details.rstrip("Ö") in str(value) for value in stored):
        rehearsal.breach("change-notice", f"{CLOSED} is stored, which the policy does not name")


@probe("change-notice", stage=Stage.END)
def no_version_takes_effect_before_everybody_was_told(rehearsal: Rehearsal) -> None:
    """The owner announces a version and tries to put it in effect before people are notified."""
    owner = rehearsal.things[STAFF][OWNER].sign_in()
    owner.open(f"{LIST}add/")
    words = {"summary": "A rehearsed change.", "additions": "Rehearsed."}
    owner.submit("Save", **words, effective_on=timezone.localdate().isoformat(), tells="on")
    rehearsal.expect("was added successfully" in owner.text, "the owner can write a version of the policy")
    press(owner, "Send notices")
    press(owner, "Put in effect")
    rehearsal.tried()
    if PolicyVersion.objects.filter(state="in_effect", number__gt=1).exists():
        rehearsal.breach("change-notice", "a version is in effect that nobody was told of")
        return
    told = [mail for mail in rehearsal.mails() if "Our privacy policy will change" in str(mail["Subject"])]
    rehearsal.expect(told, "people are told of a new version")


def press(owner: SiteBrowser, label: str) -> None:
    owner.open_first_row(LIST)
    owner.follow(label)
    owner.submit(label)
