"""Staff edit the text of a mail: it shows nothing more, goes to nobody else, and always says how to unsubscribe."""

from __future__ import annotations

from privacy.admin_base.staff_roles import Role
from privacy.evidence.rehearsal.cast import NO_ROLE, OWNER, STAFF
from privacy.evidence.rehearsal.probes import Stage, probe
from privacy.evidence.rehearsal.rehearsal import Rehearsal, SiteBrowser
from privacy.models import MailText

from .requests import ask

KIND = "privacy/request_confirmation"
LIST = f"/admin/privacy/mailtext/?q={KIND}"
REQUIRED = "{{ requests }}\n\n[Confirm]({{ confirmation }})"
HOSTILE = (
    "{{ settings.SECRET_KEY }}",
    "{{ about.email }}",
    "{% include 'privacy/policy.html' %}",
    "<script>alert(1)</script>",
    "[a](javascript:alert(1))",
)


@probe("email-for-asked-contact-only", "opt-out", "not-shared", stage=Stage.PLANT)
def staff_write_the_text_of_a_mail(rehearsal: Rehearsal) -> None:
    owner = rehearsal.things[STAFF][OWNER].browser
    for hostile in HOSTILE:
        save(owner, body=f"{hostile}\n\n{REQUIRED}")
        rehearsal.tried()
        if MailText.objects.filter(kind=KIND).exclude(body="").exists():
            rehearsal.breach("not-shared", f"staff can write {hostile} into a mail")
    save(owner, subject="Rehearsed words", body=f"Rehearsed.\n\n{REQUIRED}")
    rehearsal.expect(MailText.objects.get(kind=KIND).is_own, "staff can write the text of a mail")
    for button in ("Preview without saving", "Preview as plain text", "Send me a test"):
        owner.open_first_row(LIST)
        owner.submit(button)
    asker = rehearsal.browser("asker for a rehearsed mail")
    address = rehearsal.address(asker.who)
    ask(rehearsal, asker, "access", address)
    sent = rehearsal.mail(address, "Rehearsed words")
    rehearsal.tried()
    if "Manage preferences or unsubscribe" not in sent or "You received this email because" not in sent:
        rehearsal.breach("opt-out", "a mail with an edited text says neither why it was sent nor how to stop")
    for label in ("Restore a version", "Use the shipped text"):
        owner.open_first_row(LIST)
        owner.follow(label)
        owner.submit(label)
    rehearsal.expect(not MailText.objects.get(kind=KIND).is_own, "the mail has its shipped text again")


@probe("email-for-asked-contact-only", stage=Stage.PLANT)
def others_do_not_write_the_text_of_a_mail(rehearsal: Rehearsal) -> None:
    text = MailText.objects.get(kind=KIND)
    for who in (Role.MAIL, NO_ROLE):
        colleague = rehearsal.things[STAFF][who].browser
        for page in ("change", "test", "reset", "restore"):
            colleague.send(
                "post", f"{colleague.base}/admin/privacy/mailtext/{text.pk}/{page}/", data={"body": REQUIRED}
            )
            rehearsal.tried()
    if MailText.objects.filter(kind=KIND).exclude(body="").exists():
        rehearsal.breach("email-for-asked-contact-only", "somebody without the permission wrote the text of a mail")


def save(owner: SiteBrowser, **texts: str) -> None:
    owner.open_first_row(LIST)
    owner.submit("Save", **texts)
