"""Attempts to access other people's data: an application with an account's address, and another affiliate's pages."""

from __future__ import annotations

from accounts.models import User
from accounts.probes.staff import staff
from privacy.evidence.rehearsal.cast import NO_ROLE
from privacy.evidence.rehearsal.probes import Stage, probe
from privacy.evidence.rehearsal.rehearsal import Rehearsal

from .people import AFFILIATE, RIVAL, apply, approve
from .portal import PRIVATE

OWN_ROUTES = ("<slug:number>", "<uuid:pk>")  # in the address of what is one affiliate's


@probe(PRIVATE, stage=Stage.BREAK_IN)
def an_application_reaches_into_no_account(rehearsal: Rehearsal) -> None:
    """A stranger applies with a colleague's address, and a careless member of staff presses Approve.

    What is typed with the address counts as the colleague's own data, which an archive shows them.
    """
    address = staff(rehearsal)[NO_ROLE].address
    before = User.objects.get(email_index=address)
    apply(rehearsal, rehearsal.browser(NO_ROLE), address)
    rehearsal.work()
    rehearsal.tried()
    if approve(rehearsal, address):
        rehearsal.breach(PRIVATE, "an application with the address of a colleague's account can be approved")
    account = User.objects.filter(pk=before.pk)
    if account.exclude(password=before.password).exists():
        rehearsal.breach(PRIVATE, "an application changes the password of a colleague's account")
        account.update(password=before.password)  # whom others have to meet yet


@probe(PRIVATE, stage=Stage.END)
def an_affiliate_opens_nothing_of_anothers(rehearsal: Rehearsal) -> None:
    rival = rehearsal.things[RIVAL].browser
    own = {seen.path: seen.route for seen in rehearsal.seen if seen.who == AFFILIATE and seen.status == 200}
    for path, route in own.items():
        if any(part in route for part in OWN_ROUTES):
            rival.open(path)
            rehearsal.tried()
            if rival.status == 200:
                rehearsal.breach(PRIVATE, f"{route} of another affiliate's opens")
