"""Archives, complaints, disclosures, changes of the policy, and what colleagues and affiliates may see."""

from __future__ import annotations

from typing import Any

from ..mutations import around, breaks, put, swap


@breaks("correspondence-private")
def an_archive_holds_another_persons_rows() -> None:
    from contacts.models import Inquiry
    from privacy.requests import archive

    def section(former: Any, declaration: Any, email: str, tables: Any) -> Any:
        listed = former(declaration, email, tables)
        if listed is not None and declaration.model is Inquiry:
            rows = declaration.model._base_manager.all()
            listed.listed["rows"] = [archive._row(declaration, row, purposes=1) for row in rows]
        return listed

    around(archive, "_section", section)


@breaks("access")
def an_archive_lacks_a_column() -> None:
    from privacy.requests import archive

    def row(former: Any, declaration: Any, one: Any, *, purposes: int) -> Any:
        found = former(declaration, one, purposes=purposes)
        found.pop(declaration.columns.get("phone", ""), None)
        return found

    around(archive, "_row", row)


@breaks("access")
def who_brought_an_order_is_undeclared() -> None:
    """The table that says which visit led to an order counted as nobody's: no archive had it."""
    from privacy.registry import declarations
    from privacy.registry.growth import BOOKS

    declared = declarations._personal.pop("affiliates_attribution")
    columns = {f.name for f in declared.model._meta.concrete_fields} | declared.other_columns
    declarations._not_personal["affiliates_attribution"] = declarations.NotPersonal(
        "affiliates_attribution", frozenset(columns), "amounts", BOOKS, "a rate"
    )


@breaks("access")
def an_archive_lacks_the_answers() -> None:
    """What staff had written to the person was left out."""
    from contacts.models import Reply
    from privacy.requests import archive

    def section(former: Any, declaration: Any, email: str, tables: Any) -> Any:
        return None if declaration.model is Reply else former(declaration, email, tables)

    around(archive, "_section", section)


@breaks("legal-process-only")
def data_is_exported_without_a_second_person() -> None:
    from privacy.disclosure import orders

    put(orders, "acts_alone", lambda actor, *, is_own, **rule: is_own)


@breaks("legal-process-only")
def an_export_goes_beyond_its_order() -> None:
    """A court asked for one kind of data, and got all of it."""
    from privacy.disclosure import orders

    def collect(former: Any, *, email: str, tables: Any = None) -> Any:
        return former(email=email)

    around(orders, "collect", collect)


@breaks("change-notice")
def what_the_policy_lacks_is_open() -> None:
    """New details were stored before anybody was told of them."""
    from privacy.registry import policy_gate

    swap(policy_gate.is_closed, lambda place: False)


@breaks("change-notice")
def a_version_takes_effect_untold() -> None:
    """The policy changed first, and people were told later."""
    from privacy.policy import versions

    swap(versions._refuse_while_untold, lambda version: None)


@breaks("purpose-limitation")
def a_page_reads_applications_for_another_purpose() -> None:
    """The page of a product looked up who had applied as an affiliate."""
    from affiliates.models import Application
    from shop.catalog.views import ProductView

    def get(former: Any, self: Any, request: Any, *args: Any, **options: Any) -> Any:
        [*Application.objects.all()]
        return former(self, request, *args, **options)

    around(ProductView, "get", get)


@breaks("complaints")
def a_complaint_has_no_clock() -> None:
    from privacy.models import PrivacyRequest
    from privacy.requests import intake

    former = intake.set_deadlines

    def deadlines(request: Any) -> None:
        former(request)
        if request.kind == PrivacyRequest.Kind.COMPLAINT:
            request.due_at = None

    swap(former, deadlines)


@breaks("complaints", alone=True)
def a_complaint_beyond_the_limit_is_dropped() -> None:
    """The fourth request of a day was dropped in silence (ADR 30)."""
    from privacy.models import PrivacyRequest
    from privacy.requests import intake

    former = intake.receive_request

    def receive(*, email: str, kind: str, **options: Any) -> Any:
        if kind == PrivacyRequest.Kind.COMPLAINT and PrivacyRequest.objects.filter(email_index=email).exists():
            return PrivacyRequest(email=email, kind=kind)
        return former(email=email, kind=kind, **options)

    swap(former, receive)


@breaks("correspondence-private", "purpose-limitation")
def affiliates_see_the_number_of_an_order() -> None:
    """A buyer who told the number told who bought; by the number anybody could ask for the order."""
    from affiliates.commissions import explanation

    def origin(former: Any, attribution: Any) -> Any:
        yield from former(attribution)
        yield explanation.ExplanationLine("Order", attribution.order.reference)

    around(explanation, "_source_lines", origin)


@breaks("correspondence-private", "purpose-limitation")
def affiliates_see_the_buyer() -> None:
    from affiliates.portal import exports
    from affiliates.portal.commissions import commissions_of

    former = exports.KINDS["commissions"]

    def lines(affiliate: Any, request: Any) -> Any:
        yield from former(affiliate, request)
        for line in commissions_of(affiliate).select_related("attribution__order"):
            yield line.number, line.attribution.order.name

    exports.KINDS["commissions"] = lines


@breaks("correspondence-private", at="opens to staff without a role")
def every_colleague_reads_the_inbox() -> None:
    """Any account of staff opened any page of the admin."""
    from contacts.admin.inquiries import InquiryAdmin

    put(InquiryAdmin, "has_view_permission", lambda self, request, obj=None: True)
    put(InquiryAdmin, "has_module_permission", lambda self, request: True)


@breaks("correspondence-private", at="shows legal names to")
def whoever_sees_payouts_reads_legal_names() -> None:
    from affiliates.staff.yearly_views import sees_legal_details

    swap(sees_legal_details, lambda request: True)


@breaks("correspondence-private", at="is not in the audit")
def readings_of_staff_are_not_recorded() -> None:
    from privacy.admin_base import audited

    def record(former: Any, *, action: str, **options: Any) -> Any:
        return None if action.endswith((".read", ".listed", ".search")) else former(action=action, **options)

    around(audited, "record", record)
