"""Three affiliates with different lives: one who sells all year, one who has just started, one who was suspended."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from django.utils import timezone

from accounts.models import User
from affiliates.commissions.objections import answer_objection, open_objection
from affiliates.membership.account_state import suspend_affiliate
from affiliates.membership.applications import (
    approve_application,
    confirm_application,
    mail_application_link,
    receive_application,
)
from affiliates.membership.terms import accept_terms, current_terms
from affiliates.models import Affiliate, Application, Commission, PendingVisitCount, TermsVersion
from affiliates.statistics.click_rollups import count_visits
from affiliates.tracking.labels import declare_label

from .timeline import LEAST, Timeline

STRONG = "Alice Affiliate"
LABELS = ("newsletter", "newsletter", "review", "review", "video", "")
CLOSING_DAY = 6  # Sunday: sales are counted by label
BY_LABEL = 60  # days of clicks with their labels; earlier ones have none
PLAN = "I write about keeping WordPress sites in shape, and my readers ask which security plugin to choose."
REASON = "You advertise with our name in search engines, which our terms don't allow. Please tell us when it has ended."


@dataclass(frozen=True)
class Partner:
    """Joined `joined` and was suspended `suspended` days ago; as a share of the history if below 1, and 0 for never."""

    name: str
    email: str
    website: str
    joined: float
    suspended: float = 0

    def ago(self, share: float, days: int) -> int:
        return int(share * max(days, LEAST)) if share < 1 else int(share)

    def is_selling(self, ago: int, days: int) -> bool:
        return self.ago(self.suspended, days) < ago < self.ago(self.joined, days)


NEWCOMER = Partner("Nora Newcomer", "nora@example.org", "https://blog.example.org/", joined=28)
SUSPENDED = Partner("Sid Stopped", "sid@example.org", "https://deals.example.org/", joined=0.97, suspended=0.42)


@dataclass
class Partners:
    """The affiliates by name, as soon as they exist."""

    staff: User
    strong: Affiliate
    _others: dict[str, Affiliate] = field(default_factory=dict)

    def get(self, name: str) -> Affiliate | None:
        return self.strong if name == STRONG else self._others.get(name)

    def approve(self, application: Application) -> None:
        application.refresh_from_db()
        affiliate = approve_application(application=application, actor=self.staff)
        if affiliate is not None:
            self._others[application.name] = affiliate

    def accept_terms(self) -> None:
        for affiliate in (self.strong, *self._others.values()):
            accept_current_terms(affiliate)

    def suspend(self, partner: Partner) -> None:
        suspend_affiliate(affiliate=self._others[partner.name], reason=REASON, actor=self.staff)


def plan_application(timeline: Timeline, applied_at: datetime, application: Application) -> None:
    """Applied, and followed the link in the mail."""
    timeline.at(applied_at, lambda: receive_application(application=application))
    minutes = timedelta(minutes=1)
    timeline.at(applied_at + minutes, lambda: mail_application_link.call(str(application.pk)))
    timeline.at(applied_at + 20 * minutes, lambda: _confirm(application))


def _confirm(application: Application) -> None:
    application.refresh_from_db()
    confirm_application(application=application, now=timezone.now())


def accept_current_terms(affiliate: Affiliate) -> None:
    if version := current_terms():
        accept_terms(affiliate=affiliate, version=version, now=timezone.now(), actor=affiliate.user)


def plan_affiliates(timeline: Timeline, partners: Partners) -> None:
    noon = timedelta(hours=12)
    for partner in (NEWCOMER, SUSPENDED):
        application = Application(name=partner.name, email=partner.email, website=partner.website, message=PLAN)
        applied_at = timeline.day(partner.ago(partner.joined, timeline.days)) + noon
        plan_application(timeline, applied_at, application)
        timeline.at(applied_at + timedelta(hours=5), partial(partners.approve, application))
    stopped = timeline.day(SUSPENDED.ago(SUSPENDED.suspended, timeline.days)) + noon
    timeline.at(stopped, lambda: partners.suspend(SUSPENDED))
    for version in TermsVersion.objects.published():  # perhaps in force only after the history began
        if version.effective_from:
            timeline.at(version.effective_from + noon, partners.accept_terms)
    for label in sorted({*LABELS} - {""}):
        timeline.at(timeline.start, partial(declare_label, affiliate=partners.strong, text=label))
    for ago in (120, 3):
        timeline.at(timeline.day(ago) + noon, partial(_object, partners, answered=ago > 3))
    for ago in range(timeline.days, 0, -1):
        timeline.at(timeline.day(ago) + noon, partial(_visit, timeline, partners, ago))
    timeline.at(timeline.day(1) + timedelta(hours=23, minutes=50), lambda: count_visits(now=timezone.now()))


def _object(partners: Partners, *, answered: bool) -> None:
    """The strong affiliate objects to a reversed commission."""
    lines = Commission.objects.latest_of(partners.strong).filter(state=Commission.State.REVERSED, objections=None)
    if (commission := lines.first()) is None:
        return
    text = "My reader says that they only exchanged their order. Was this commission reversed by mistake?"
    objection = open_objection(commission=commission, text=text, actor=partners.strong.user)
    if answered:
        answer = "We looked again: the whole order was refunded, and nothing was bought instead."
        answer_objection(objection=objection, answer=answer, upheld=False, actor=partners.staff)


def _visit(timeline: Timeline, partners: Partners, ago: int) -> None:
    """A day's visits: more on working days, and growing."""
    today, chance = timezone.now(), timeline.chance
    most = (14 if today.weekday() < 5 else 7) + 10 * (timeline.days - ago) // timeline.days
    labels = {label.name: label for label in partners.strong.labels.all()} if ago <= BY_LABEL else {}
    rows = [_row(partners.strong, today, chance.randint(2, most) * (1 if labels else 3))]
    rows += [_row(partners.strong, today, chance.randint(0, most), label=label) for label in labels.values()]
    rows.append(_row(partners.strong, today, 0, bots=chance.randint(0, 6), refused=chance.randint(0, 2)))
    for partner, many in ((NEWCOMER, 6), (SUSPENDED, 12)):
        if (affiliate := partners.get(partner.name)) and affiliate.is_active:
            rows.append(_row(affiliate, today, chance.randint(0, many)))
    PendingVisitCount.objects.bulk_create(rows)


def _row(affiliate: Affiliate, today: datetime, clicks: int, **further: object) -> PendingVisitCount:
    landing = "/products/bps-pro/" if further else "/"
    return PendingVisitCount(
        affiliate=affiliate, day=today.date(), landing_path=landing, clicks=clicks, unstored_clicks=clicks, **further
    )
