"""Who reaches which page of the staff's, by which method, and who can press which button: role × address × action.

The addresses are those of the URL resolver, and the actions those of each `ModelAdmin`: a new one without an entry in
the tables below fails. Each request is made by everybody, over HTTP, and its changes are taken back.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.contrib import admin
from django.db import models, transaction
from django.test import Client
from django.urls import URLPattern, get_resolver
from django.utils import timezone

from accounts.models import User
from affiliates.models import Affiliate, LedgerEntry, Objection, PayoutItem, PayoutRun, TermsVersion
from aitpro.traffic.models import DomainDay
from api.models import ApiToken
from contacts.models import Attachment, Document, Inquiry
from privacy.admin_base.staff_roles import Role
from privacy.audit.models import AuditEntry
from privacy.disclosure.models import Disclosure
from privacy.mail.bounces import mark_undeliverable
from privacy.mail.texts.editing import change_text
from privacy.models import AddressChange, MailTally, MailText, PrivacyRequest, Suppression
from privacy.policy.models import PolicyNotice, PolicyVersion
from privacy.policy.versions import new_draft
from privacy.registry.policy_snapshot import running
from shop.models import Order, Payment, PayPalEvent
from tests import factories
from tests.accounts.test_roles import member
from tests.cast import superuser
from tests.quiet import quiet_logs

from .test_admin import some_of_everything

pytestmark = [pytest.mark.exhaustive, pytest.mark.django_db, pytest.mark.one_database]

# R superuser · O owner · S shop · M mail · A affiliates · F finance · P privacy officer · N staff without a role
EVERYBODY = "ROSMAFPN"  # who is staff; an affiliate and a stranger reach nothing at all
NOBODY = "-"

# table: who reads (list, row, history), who adds, who changes, who deletes
MODELS = """
    accounts.user                    RO    RO    RO    -
    affiliates.adjustment            ROAF  -     -     -
    affiliates.affiliate             ROAF  RO    ROA   -
    affiliates.affiliategroup        ROAF  ROF   ROF   -
    affiliates.announcement          ROA   ROA   ROA   -
    affiliates.application           ROA   -     -     -
    affiliates.commission            ROAF  -     -     -
    affiliates.objection     ROA   -     -     -
    affiliates.creative              ROA   ROA   ROA   -
    affiliates.flag                  ROA   -     -     -
    affiliates.ledgercheck           ROF   -     -     -
    affiliates.ledgerentry           ROAF  -     -     -
    affiliates.payoutrun           ROAF  -     -     -
    affiliates.payoutitem            ROAF  -     -     -
    affiliates.rate                  ROAF  ROF   -     -
    affiliates.termsversion          ROA   ROA   ROA   RO
    api.apitoken                     RO    -     -     -
    audit.auditentry                 ROP   -     -     -
    auth.group                       RO    -     -     -
    clients.agreement                ROM   ROM   ROM   RO
    clients.quote                    ROSMF -     ROSM  -
    contacts.incomingmail            ROM   -     -     -
    contacts.inquiry                 ROM   ROM   ROM   R
    contacts.savedreply              ROM   ROM   ROM   ROM
    contacts.service                 ROS   ROS   ROS   RO
    disclosure.disclosure            ROP   ROP   R     -
    django_tasks_database.dbtaskresult R   -     -     -
    pages.frontpage                  ROS   -     ROS   -
    pages.page                       ROS   ROS   ROS   ROS
    pages.sitequestion               ROS   ROS   ROS   ROS
    policy.policynotice              ROP   -     -     -
    policy.policyversion             ROP   -     ROP   ROP
    privacy.addresschange            ROP   -     -     ROP
    privacy.mailtally                ROMP  -     -     -
    privacy.mailtext                 ROM   -     RO    -
    privacy.outgoingmail             ROM   -     -     -
    privacy.privacyrequest           ROP   ROMP  ROP   -
    privacy.suppression              ROMP  ROMP  -     -
    privacy.undeliverableaddress     ROM   -     -     -
    redirects.redirect               ROS   ROS   ROS   ROS
    shop.discountcode                ROSA  ROSA  ROSA  -
    shop.dispute                     ROSF  -     -     -
    shop.license                     ROS   -     -     -
    shop.order                       ROSF  -     -     -
    shop.payment                     ROSF  -     -     -
    shop.paypalevent                 ROF   -     -     -
    shop.product                     ROS   ROS   ROS   RO
    shop.refund                      ROSF  -     -     -
    shop.refundrequest               ROSF  -     -     -
    shop.shopterms                   ROS   -     ROS   RO
    traffic.domainday                ROA   -     -     -
"""

# address: who GETs, who POSTs
PAGES = """
    admin:index                            ROSMAFPN ROSMAFPN
    admin:jsi18n                           ROSMAFPN -
    admin:password_change                  ROSMAFPN ROSMAFPN
    admin:password_change_done             ROSMAFPN -
    admin:autocomplete                     RO       -
    admin:app_list                         ROSAF    ROSAF
    affiliates:report                      ROAF     ROAF
    affiliates:report_file                 ROAF     ROAF
    affiliates:why_order                   ROAF     ROAF
    affiliates:yearly                      ROAF     ROAF
    affiliates:yearly_file                 ROAF     ROAF
    shop:report                            ROSF     ROSF
    shop:report_file                       ROSF     ROSF
    affiliates:why_payout                  ROAF     ROAF
    affiliates:why_balance                 ROAF     ROAF
    affiliates:why_ledger_line             ROAF     ROAF
    admin:search                           ROSMAFPN ROSMAFPN
    admin:person                           ROSF     -
    admin:person_section                   ROSF     -
    admin:accounts_team                    RO       RO
    admin:accounts_user_invite             RO       RO
    admin:accounts_user_deactivate         RO       RO
    admin:accounts_user_activate           RO       RO
    admin:accounts_user_end_sessions       R        R
    admin:accounts_user_reset_factor       R        R
    admin:affiliates_adjustment_sale       ROF      ROF
    admin:affiliates_adjustment_step       ROF      ROF
    admin:affiliates_affiliate_standing    ROA      ROA
    admin:affiliates_application_decide    -        ROA
    admin:affiliates_commission_explain    ROAF     ROAF
    admin:affiliates_commission_approve    ROA      ROA
    admin:affiliates_commission_release    ROA      ROA
    admin:affiliates_commission_hold       ROA      ROA
    admin:affiliates_commission_reject     ROA      ROA
    admin:affiliates_objection_answer ROA   ROA
    admin:affiliates_flag_decide           ROA      ROA
    admin:affiliates_ledgerentry_adjust    ROF      ROF
    admin:affiliates_payoutrun_preview   ROF      -
    admin:affiliates_payoutrun_prepare   -        ROF
    admin:affiliates_payoutrun_approve   -        ROF
    admin:affiliates_payoutrun_cancel    -        ROF
    admin:affiliates_payoutrun_download  -        ROF
    admin:affiliates_payoutrun_settle    ROF      ROF
    admin:affiliates_payoutitem_cancel_at_paypal  -        ROF
    admin:affiliates_payoutitem_settle     ROF      ROF
    admin:affiliates_termsversion_publish  RO       RO
    admin:api_apitoken_revoke              RO       RO
    api:staff_tokens                       ROSMAFPN ROSMAFPN
    api:staff_revoke                       -        -
    admin:clients_agreement_end            ROM      ROM
    admin:clients_quote_accept             ROSM     ROSM
    admin:clients_quote_agreement          -        ROM
    admin:clients_quote_decline            ROSM     ROSM
    admin:clients_quote_discard            ROSM     ROSM
    admin:clients_quote_next_due           ROSM     ROSM
    admin:clients_quote_pdf                ROSMF    ROSMF
    admin:clients_quote_revise             -        ROSM
    admin:clients_quote_send               ROSM     ROSM
    admin:clients_quote_send_again         -        ROSM
    admin:clients_quote_send_by_letter     ROSM     ROSM
    admin:clients_quote_withdraw           ROSM     ROSM
    admin:contacts_inquiry_agreement       -        ROM
    admin:contacts_inquiry_quote           -        ROM
    admin:contacts_incomingmail_again      -        ROM
    admin:contacts_incomingmail_open_request  -     ROM
    admin:contacts_incomingmail_no_request  -       ROM
    admin:contacts_incomingmail_file       ROM      ROM
    admin:contacts_incomingmail_begin      ROM      ROM
    admin:contacts_incomingmail_spam       -        ROM
    admin:contacts_incomingmail_original   ROM      ROM
    admin:contacts_inquiry_take            -        ROM
    admin:contacts_inquiry_close           -        ROM
    admin:contacts_inquiry_draft           -        ROM
    admin:contacts_inquiry_release         -        ROM
    admin:contacts_inquiry_reopen          -        ROM
    admin:contacts_inquiry_discard         -        ROM
    admin:contacts_inquiry_log             ROM      ROM
    admin:contacts_inquiry_document        ROM      ROM
    admin:contacts_inquiry_history         ROM      ROM
    admin:contacts_attachment_open         ROM      ROM
    admin:contacts_document_open           ROM      ROM
    admin:contacts_document_send           ROM      ROM
    admin:disclosure_approve               -        ROP
    admin:disclosure_export                -        ROP
    admin:disclosure_refuse                ROP      ROP
    admin:policy_policynotice_step         ROP      ROP
    admin:policy_policyversion_step        ROP      ROP
    admin:privacy_call_list                ROMP     ROMP
    admin:privacy_letter_list              ROMP     ROMP
    admin:privacy_mailtext_test            -        RO
    admin:privacy_mailtext_reset           RO       RO
    admin:privacy_mailtext_restore         RO       RO
    admin:privacy_privacyrequest_report    ROP      ROP
    admin:privacy_privacyrequest_step      ROP      ROP
    admin:shop_event_set_aside             -        ROF
    admin:shop_order_correct_address       ROS      ROS
    admin:shop_order_send_receipt          -        ROS
    admin:shop_order_send_again            -        ROS
    admin:shop_order_reset_downloads       -        ROS
    admin:shop_order_end_license           ROS      ROS
    admin:shop_order_restore_license       ROS      ROS
    admin:shop_order_add_note              ROSF     ROSF
    admin:shop_license_reissue             ROS      ROS
    admin:shop_payment_refund              ROF      ROF
    admin:shop_refundrequest_decline       ROSF     ROSF
    admin:shop_refundrequest_refund        ROF      ROF
    admin:shop_shopterms_publish           RO       RO
    admin:shop_shopterms_revise            -        ROS
    admin:shop_reconciliation              ROSF     ROSF
    admin:shop_reconciliation_look         -        ROF
    admin:traffic_download                 ROA      ROA
"""
SIGNING_IN_AND_OUT = {"admin:login", "admin:logout"}  # everybody's, signed in or not

ACTIONS = """
    affiliates.application.approve            ROA
    affiliates.application.decline            ROA
    affiliates.application.release            ROA
    affiliates.application.discard            ROA
    affiliates.commission.approve             ROA
    affiliates.commission.reject              ROA
    affiliates.commission.hold                ROA
    affiliates.commission.clear               ROA
    affiliates.rate.end                       ROF
    contacts.inquiry.assign_selected          ROM
    contacts.inquiry.close_selected           ROM
    contacts.inquiry.delete_selected          R
    contacts.inquiry.spam_selected            ROM
    contacts.savedreply.delete_selected       ROM
    contacts.service.delete_selected          RO
    pages.page.delete_selected                ROS
    pages.sitequestion.delete_selected        ROS
    privacy.addresschange.delete_selected     ROP
    privacy.undeliverableaddress.reactivate_selected  ROM
    redirects.redirect.delete_selected        ROS
    shop.order.reset_downloads                ROS
    shop.product.delete_selected              RO
"""

QUERY = {"admin:autocomplete": "?app_label=affiliates&model_name=affiliate&field_name=user"}
WHO = {"O": Role.OWNER, "S": Role.SHOP, "M": Role.MAIL, "A": Role.AFFILIATES, "F": Role.FINANCE}
WHO |= {"P": Role.PRIVACY_OFFICER}


def table(text: str) -> dict[str, list[str]]:
    return {name: who for name, *who in (line.split() for line in text.strip().splitlines())}


def pages_of(patterns: Any, route: str = "", namespace: str = "") -> Iterator[tuple[str, str]]:
    """The route and the full name of every address that the site answers under /admin/."""
    for pattern in patterns:
        whole = route + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            if whole.startswith("admin/"):
                yield whole, f"{namespace}{pattern.name or ''}"
        else:
            inner = f"{pattern.namespace}:" if pattern.namespace else namespace
            yield from pages_of(pattern.url_patterns, whole, inner)


ADDRESSES = list(pages_of(get_resolver().url_patterns))


def expected(route: str, name: str) -> tuple[str, str]:
    """Who may GET and who may POST. Raises `KeyError` for what no table names."""
    if route.endswith("<path:object_id>/"):
        return EVERYBODY, EVERYBODY  # only a redirect to the row's page
    if route.endswith("(?P<url>.*)$"):
        return NOBODY, NOBODY
    if name in (pages := table(PAGES)):
        return pages[name][0], pages[name][1]
    model, _, kind = name.removeprefix("admin:").rpartition("_")
    read, add, change, delete = table(MODELS)[model.replace("_", ".", 1) if "tasks" not in model else TASKS]
    both = {"changelist": read, "history": read, "add": add, "delete": delete}
    return (read, change) if kind == "change" else (both[kind], both[kind])


TASKS = "django_tasks_database.dbtaskresult"


def test_every_address_and_every_action_is_in_the_tables() -> None:
    assert len(ADDRESSES) > 200
    for route, name in ADDRESSES:
        if name not in SIGNING_IN_AND_OUT:
            expected(route, name)
    assert set(table(MODELS)) == {model._meta.label_lower for model in admin.site._registry}
    assert set(table(PAGES)) <= {name for _, name in ADDRESSES}


def test_every_action_asks_for_a_permission() -> None:
    for model_admin in admin.site._registry.values():
        for name in model_admin.actions or ():
            action: Any = getattr(model_admin, name) if isinstance(name, str) else name
            assert getattr(action, "allowed_permissions", None), f"{model_admin}: {name}"


# --- The world: made once, for all of them ----------------------------------------------------------------------------
class World:
    """A row of everything, and everybody's browser."""

    def __init__(self) -> None:
        self.bob = superuser("bob@example.com")
        some_of_everything(factories.product(), self.bob, 1)
        self.rows: dict[str, Any] = {}
        self.make_rows()
        self.clients = {letter: self.browser(member(role)) for letter, role in WHO.items()}
        self.clients["R"] = self.browser(superuser("root@example.com"))
        self.clients["N"] = self.browser(factories.user("nora@example.com", is_staff=True))
        self.clients["affiliate"] = self.browser(Affiliate.objects.get().user)
        self.clients["stranger"] = self.browser(None)

    def browser(self, user: User | None) -> Client:
        client = Client(raise_request_exception=False)
        if user is not None:
            client.force_login(user)
        return client

    def make_rows(self) -> None:
        now, today = timezone.now(), timezone.now().date()
        inquiry = factories.inquiry("paul@example.org", state=Inquiry.State.HELD)
        document = Document(inquiry=inquiry, name="offer.pdf", content=b"%PDF", content_type="application/pdf", size=4)
        document.save()
        attachment = Attachment(inquiry=inquiry, name="a.png", content=b"P", content_type="image/png", size=1)
        attachment.save()
        mail = factories.incoming_mail("paul@example.org", state="held", raw=b"From: paul@example.org")
        mark_undeliverable("gone@example.org", code="5.1.1")
        AddressChange.objects.create(change="joined", model="contacts.Inquiry", row_id=inquiry.pk)
        Suppression.objects.create(fingerprint="dave@example.net", channel="email")
        MailTally.objects.create(day=today, kind="x", purpose="order", outcome="sent", count=3)
        text = MailText.objects.get(kind="shop/receipt")
        change_text(text=text, subject="Thank you", body="", actor=self.bob)
        DomainDay.objects.create(day=today, domain="example.com", views=5)
        request = PrivacyRequest.objects.create(
            kind="access", channel="letter", state="confirmed", email="dave@example.org", keep_until=now, due_at=now
        )
        version = PolicyVersion.objects.in_effect() or PolicyVersion.objects.latest("pk")
        notice = PolicyNotice.objects.create(
            version=version, fingerprint="dave@example.org", contact_model="contacts.Inquiry", contact_id=inquiry.pk
        )
        draft = new_draft()
        draft.take(running())
        draft.summary, draft.effective_on = "New words.", today
        draft.save()
        order = {"kind": "court_order", "received_on": today, "scope": [], "document_digest": "0" * 64}
        recorded = Disclosure.objects.create(**order, recorded_by=self.bob)
        approved = Disclosure.objects.create(**order, state="approved", approved_at=now, approved_by=self.bob)
        by_hand = PayoutRun.objects.create(currency="USD", method="csv", state="approved", approved_at=now)
        self.unclaimed = PayoutItem.objects.get()
        PayoutItem.objects.filter(pk=self.unclaimed.pk).update(state=PayoutItem.State.UNCLAIMED)
        PayoutItem.objects.create(
            run=by_hand, affiliate=self.unclaimed.affiliate, amount_minor=1, currency="USD", receiver="a@example.com"
        )
        prepared = self.unclaimed.run
        self.rows = {
            **{"kind": "shop.order", "section": "shop.order", "report_file.key": "orders"},
            "person.row_id": Order.objects.latest("pk").pk,
            "person_section.row_id": Order.objects.latest("pk").pk,
            "affiliate_id": Affiliate.objects.get().pk,
            "currency": "USD",
            "entry_id": LedgerEntry.objects.filter(kind="commission").latest("pk").pk,
            "item_id": self.unclaimed.pk,
            "table": "pages",
            "objection_id": Objection.objects.get().pk,
            "payoutrun_id": prepared.pk,
            "affiliates_payoutrun_download.run_id": by_hand.pk,
            "affiliates_payoutrun_settle.run_id": by_hand.pk,
            "affiliates_adjustment_step.action": "book",
            "affiliates_affiliate_standing.action": "suspend",
            "decision": "approve",
            "payment_id": Payment.objects.latest("pk").pk,
            "event_id": PayPalEvent.objects.latest("pk").pk,
            "inquiry_id": inquiry.pk,
            "attachment_id": attachment.pk,
            "mail_id": mail.pk,
            "document_id": document.pk,
            "request_id": request.pk,
            "privacy_privacyrequest_step.row_id": request.pk,
            "privacy_privacyrequest_step.action": "acknowledge",
            "disclosure_approve.row_id": recorded.pk,
            "disclosure_refuse.row_id": recorded.pk,
            "disclosure_export.row_id": approved.pk,
            "policy_policyversion_step.row_id": draft.pk,
            "policy_policyversion_step.action": "announce",
            "policy_policynotice_step.row_id": notice.pk,
            "policy_policynotice_step.action": "called",
            "privacy_mailtext": text.pk,
            "user_id": Affiliate.objects.get().user.pk,
            "staff_revoke.pk": ApiToken.objects.latest("pk").pk,  # an affiliate's, which is nobody else's
            "accounts_user": Affiliate.objects.get().user.pk,
            "policy_policyversion": draft.pk,
            "version_id": TermsVersion.objects.filter(published_at=None).latest("pk").pk,
            "affiliates_termsversion": TermsVersion.objects.filter(published_at=None).latest("pk").pk,
        }

    def value(self, name: str, key: str, model: type[models.Model] | None) -> Any:
        """What stands in an address for `key`."""
        short = name.partition(":")[2]
        if key == "object_id":
            assert model is not None
            chosen = self.rows.get(f"{model._meta.app_label}_{model._meta.model_name}")
            return chosen or model._default_manager.order_by("pk").values_list("pk", flat=True)[0]
        if (own := self.rows.get(f"{short}.{key}")) is not None:
            return own
        if key == "row_id" and model is not None:
            own = self.rows.get(f"{model._meta.app_label}_{model._meta.model_name}")
            return own or self.value(name, f"{model._meta.model_name}_id", None)
        if key in self.rows:
            return self.rows[key]
        named = next(m for m in admin.site._registry if m._meta.model_name == key.removesuffix("_id"))
        return named._default_manager.latest("pk").pk

    def address(self, route: str, name: str) -> str:
        start = "/".join(route.split("/")[1:3])
        model = {m._meta.label_lower.replace(".", "/"): m for m in admin.site._registry}.get(start)
        if "(?P<app_label>" in route:
            return "/admin/shop/"
        path = route.replace("(?P<url>.*)$", "nowhere/")
        for part in path.split("<")[1:]:
            converter, _, key = part.partition(">")[0].rpartition(":")
            path = path.replace(f"<{converter}:{key}>", str(self.value(name, key, model)))
        return f"/{path}{QUERY.get(name, '')}"


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    quiet = quiet_logs()  # a traceback for each of some thousand refusals
    with quiet, django_db_blocker.unblock(), transaction.atomic(), transaction.atomic(using="keystore"):
        yield World()
        for database in ("default", "keystore"):
            transaction.set_rollback(True, using=database)


def taken_back(client: Client, method: str, address: str, data: Any = None) -> Any:
    """The answer; whatever the request changed is as it was."""
    with transaction.atomic():
        response = getattr(client, method)(address, data)
        transaction.set_rollback(True)
    return response


def reaches(response: Any, address: str) -> bool:
    assert response.status_code < 500, address
    to_sign_in = response.status_code == 302 and response["Location"].startswith(("/admin/login/", "/accounts/login/"))
    return not to_sign_in and response.status_code not in {403, 404, 405}


@pytest.mark.parametrize("who", [*EVERYBODY, "affiliate", "stranger"])
def test_each_page_opens_to_those_it_is_for_and_to_nobody_else(world: World, who: str) -> None:
    wrong = []
    for route, name in ADDRESSES:
        if name in SIGNING_IN_AND_OUT:
            continue
        address = world.address(route, name)
        for method, allowed in zip(("get", "post"), expected(route, name), strict=True):
            response = taken_back(world.clients[who], method, address)
            if reaches(response, address) != (who in allowed):
                wrong.append(f"{who} {method} {name or route}: {response.status_code}, for {allowed} ({address})")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("who", EVERYBODY)
def test_each_action_is_offered_to_those_it_is_for_and_a_forged_one_does_nothing(world: World, who: str) -> None:
    declared = table(ACTIONS)
    seen = set()
    for model, model_admin in admin.site._registry.items():
        label = model._meta.label_lower
        address = f"/admin/{label.replace('.', '/')}/"
        if who not in table(MODELS)[label][0]:
            continue
        page = BeautifulSoup(world.clients[who].get(address).content, "html.parser")
        offered = {str(option["value"]) for option in page.select("select[name=action] option")} - {""}
        assert {f"{label}.{name}" for name in offered} <= {name for name, (roles,) in declared.items() if who in roles}
        seen |= {f"{label}.{name}" for name in offered}
        for name in {*(model_admin.actions or ()), "delete_selected"} - offered:
            row = model._default_manager.latest("pk")
            data = {"action": name, "_selected_action": [str(row.pk)], "reason": "x", "confirmed": "all", "post": "yes"}
            with transaction.atomic():
                before = done(row)
                world.clients[who].post(address, data)
                assert done(row) == before, f"{who}: {label}.{name}"
                transaction.set_rollback(True)
    assert seen == {name for name, (roles,) in declared.items() if who in roles}


def done(row: models.Model) -> tuple[Any, int]:
    """What an action would change: the row, or what the audit tells beside who looked."""
    values = type(row)._default_manager.filter(pk=row.pk).values().first()
    return values, AuditEntry.objects.exclude(action__startswith="privacy.staff.").count()
