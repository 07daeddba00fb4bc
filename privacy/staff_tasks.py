"""Staff tasks: privacy requests, undelivered mail, clock alarms and address changes."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Count, Min

from .admin_base.staff_dashboard import Area, StaffTaskCount, staff_task
from .keystore.clock import clock_jump
from .mail.link_mail_limits import TASK_GRACE_PERIOD
from .mail.texts.editing import texts_on_older_ones
from .mail.texts.rendering import kinds_with_failed_text
from .models import AddressChange, OutgoingMail, PrivacyRequest, UndeliverableAddress

LATELY = timedelta(days=7)  # older mail problems are only in the lists


@staff_task(
    area=Area.PRIVACY,
    one="alarm: the clock jumped; deletion, approval and payouts are paused until `housekeeping --clock-is-right`",
    many="clock alarms",
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
    open_ones = PrivacyRequest.objects.open()
    found = open_ones.aggregate(count=Count("pk"), oldest=Min("received_at"))
    return StaffTaskCount(**found, overdue=PrivacyRequest.objects.overdue(now).count())


@staff_task(
    area=Area.PRIVACY,
    one="privacy request whose link is delayed by the rate limit",
    many="privacy requests whose links are delayed by the rate limit",
    permission="privacy.view_privacyrequest",
    page="admin:privacy_privacyrequest_changelist",
    query="queue=link",
)
def waiting_links(now: datetime) -> StaffTaskCount:
    waiting = PrivacyRequest.objects.without_link(now).filter(received_at__lt=now - TASK_GRACE_PERIOD)
    return StaffTaskCount(waiting.count())


@staff_task(
    area=Area.CONTACTS,
    one="mail refused or failed in the last 7 days",
    many="mails refused or failed in the last 7 days",
    permission="privacy.view_outgoingmail",
    page="admin:privacy_outgoingmail_changelist",
    query="state__in=refused,failed",
)
def unsent_mail(now: datetime) -> StaffTaskCount:
    states = [OutgoingMail.State.REFUSED, OutgoingMail.State.FAILED]
    return StaffTaskCount(OutgoingMail.objects.filter(state__in=states, queued_at__gte=now - LATELY).count())


@staff_task(
    area=Area.CONTACTS,
    one="kind of mail sent with the shipped text in the last 7 days, because the edited text or template failed",
    many="kinds of mail sent with the shipped text in the last 7 days, because the edited text or template failed",
    permission="privacy.view_mailtext",
    page="admin:privacy_mailtext_changelist",
    query="failed=yes",
)
def failed_texts(now: datetime) -> StaffTaskCount:
    return StaffTaskCount(len(kinds_with_failed_text(now)))


@staff_task(
    area=Area.CONTACTS,
    one="edited mail whose shipped text has changed",
    many="edited mails whose shipped texts have changed",
    permission="privacy.change_mailtext",
    page="admin:privacy_mailtext_changelist",
    query="own=older",
)
def older_texts(now: datetime) -> StaffTaskCount:
    return StaffTaskCount(len(texts_on_older_ones()))


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
    one="row to review because its address is now distinguished from a look-alike",
    many="rows to review because their addresses are now distinguished from look-alikes",
    permission="privacy.view_addresschange",
    page="admin:privacy_addresschange_changelist",
)
def address_changes(now: datetime) -> StaffTaskCount:
    return StaffTaskCount(AddressChange.objects.count())
