"""What waits for staff: people's requests, notices of a new policy, and mail that does not arrive."""

from __future__ import annotations

from datetime import datetime, timedelta

from .admin_base.staff_dashboard import Area, StaffTaskCount, staff_task
from .keystore.clock import clock_jump
from .mail.link_mail_limits import LEFT_TO_ITS_TASK
from .models import AddressChange, OutgoingMail, PrivacyRequest, UndeliverableAddress

LATELY = timedelta(days=7)  # what mail met longer ago is in the lists


@staff_task(
    area=Area.PRIVACY,
    one="alarm: the clock jumped, so deleting, approving and paying wait for `housekeeping --clock-is-right`",
    many="alarms of the clock",
    permission="privacy.view_privacyrequest",
    page="privacy:evidence",
)
def clock(now: datetime) -> StaffTaskCount:
    alarms = int(clock_jump(now=now) is not None)
    return StaffTaskCount(alarms, overdue=alarms)


@staff_task(
    area=Area.PRIVACY,
    one="privacy request to answer",
    many="privacy requests to answer",
    permission="privacy.view_privacyrequest",
    page="admin:privacy_privacyrequest_changelist",
    query="queue=open",
)
def requests(now: datetime) -> StaffTaskCount:
    return StaffTaskCount(PrivacyRequest.objects.open().count(), PrivacyRequest.objects.overdue(now).count())


@staff_task(
    area=Area.PRIVACY,
    one="privacy request whose link waits for its turn",
    many="privacy requests whose links wait for their turn",
    permission="privacy.view_privacyrequest",
    page="admin:privacy_privacyrequest_changelist",
    query="queue=link",
)
def waiting_links(now: datetime) -> StaffTaskCount:
    waiting = PrivacyRequest.objects.without_link(now).filter(received_at__lt=now - LEFT_TO_ITS_TASK)
    return StaffTaskCount(waiting.count())


@staff_task(
    area=Area.CONTACTS,
    one="mail refused or given up in the last 7 days",
    many="mails refused or given up in the last 7 days",
    permission="privacy.view_outgoingmail",
    page="admin:privacy_outgoingmail_changelist",
    query="state__in=refused,failed",
)
def unsent_mail(now: datetime) -> StaffTaskCount:
    states = [OutgoingMail.State.REFUSED, OutgoingMail.State.FAILED]
    return StaffTaskCount(OutgoingMail.objects.filter(state__in=states, queued_at__gte=now - LATELY).count())


@staff_task(
    area=Area.CONTACTS,
    one="address found undeliverable in the last 7 days",
    many="addresses found undeliverable in the last 7 days",
    permission="privacy.view_undeliverableaddress",
    page="admin:privacy_undeliverableaddress_changelist",
)
def undeliverable(now: datetime) -> StaffTaskCount:
    return StaffTaskCount(UndeliverableAddress.objects.filter(noticed_at__gte=now - LATELY).count())


@staff_task(
    area=Area.PRIVACY,
    one="row to review, because its address is told apart from a look-alike now",
    many="rows to review, because their addresses are told apart from look-alikes now",
    permission="privacy.view_addresschange",
    page="admin:privacy_addresschange_changelist",
)
def address_changes(now: datetime) -> StaffTaskCount:
    return StaffTaskCount(AddressChange.objects.count())
