"""Every column that holds readable text is listed here with the reason why nobody's words are in it.

A new one fails: seal it (`SealedTextField`, declared with `@personal_data`), give it `choices`, or say here why only
the program writes it or why everybody may read it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import connections, models

from privacy.coverage import _INTERNAL

READABLE = (models.CharField, models.TextField, models.JSONField, models.FileField)

ALLOWED = {
    "a digest or a hash": """
        accounts_recoverycode.code_digest accounts_user.password
        affiliates_application.link_digest affiliates_click.cookie_digest affiliates_payoutemailchange.stop_digest
        audit_auditentry.hash audit_auditentry.previous_hash contacts_document.link_digest
        disclosure_disclosure.document_digest disclosure_disclosure.export_digest policy_policyversion.registry_hash
        privacy_accessarchive.link_digest privacy_limits.cache_key privacy_privacyrequest.correction_digest
        privacy_privacyrequest.link_digest privacy_submittedform.digest shop_order.checkout_digest
        shop_productfile.sha256
    """,
    "sealed before it is stored": "privacy_limits.value",
    "a random number or code that this site makes": """
        affiliates_affiliate.code affiliates_commission.number contacts_inquiry.reference
        audit_signingkey.key_id audit_signingkey.signed_by disclosure_disclosure.reference
        privacy_keycheck.key_id privacy_privacyrequest.reference shop_order.reference
    """,
    "a number, code or address of PayPal's": """
        affiliates_payoutitem.paypal_item_id affiliates_payoutparcel.paypal_batch_id shop_dispute.paypal_id
        shop_extracapture.capture_id shop_dispute.reason shop_payment.approve_url shop_payment.capture_id
        shop_payment.paypal_order_id
        shop_paypalevent.capture_id shop_paypalevent.event_id shop_paypalevent.event_type shop_paypalevent.order_id
        shop_paypalevent.resource_id shop_paypallook.status shop_refund.paypal_refund_id
    """,
    "a currency": """
        affiliates_commission.currency affiliates_dailysales.currency affiliates_labelsales.currency
        affiliates_ledgerentry.currency
        affiliates_payoutbatch.currency affiliates_payoutitem.currency affiliates_rate.currency
        affiliates_runningsum.currency shop_dispute.currency shop_order.currency shop_payment.currency
        shop_extracapture.currency shop_paypallook.currency shop_refund.currency
    """,
    "a name of the program's own: an action, a model, a kind, a state": """
        affiliates_flag.dispute_id affiliates_runningsum.what audit_auditentry.action audit_auditentry.object_id
        audit_auditentry.object_model auth_permission.codename auth_permission.name contacts_document.content_type
        django_content_type.app_label django_content_type.model django_migrations.app django_migrations.name
        django_tasks_database_dbtaskresult.backend_name django_tasks_database_dbtaskresult.exception_class_path
        django_tasks_database_dbtaskresult.queue_name django_tasks_database_dbtaskresult.task_path
        django_tasks_database_dbtaskresult.worker_ids
        keystore_optoutcopy.channel keystore_optoutcopy.point keystore_optoutcopy.purpose keystore_optoutcopy.source
        policy_policynotice.contact_model privacy_addresschange.model privacy_addressindexing.rules
        privacy_heartbeat.name privacy_mailtally.kind privacy_measurement.promise
        privacy_breach.promise
        privacy_outgoingmail.about_model privacy_outgoingmail.kind privacy_promisestate.promise
        privacy_undeliverableaddress.code traffic_pageday.page
    """,
    "a list of the program's own names": "disclosure_disclosure.scope",
    "ids alone": """
        django_tasks_database_dbtaskresult.args_kwargs django_tasks_database_dbtaskresult.return_value
    """,
    "where in the program a task failed; the error's own words are cut off": """
        django_tasks_database_dbtaskresult.traceback
    """,
    "what the program says in words of its own, with numbers and ids": """
        affiliates_ledgercheck.difference affiliates_payoutbatch.problem affiliates_payoutitem.error
        affiliates_payoutparcel.problem policy_policynotice.reason privacy_attempt.attempts privacy_attempt.probes
        privacy_attempt.reason privacy_attempt.searches privacy_attempt.unreached privacy_breach.place
        privacy_measurement.figures
        privacy_outgoingmail.refusal shop_payment.problem
    """,
    "everybody may read it on the site": """
        affiliates_creative.image affiliates_creative.landing affiliates_creative.name affiliates_creative.words
        affiliates_affiliate.terms_version affiliates_application.terms_version affiliates_attribution.terms_version
        affiliates_termsversion.changes affiliates_termsversion.text audit_signingkey.public_key
        audit_signingkey.signature policy_policyversion.additions
        policy_policyversion.snapshot policy_policyversion.summary shop_order.product_name shop_product.description
        shop_product.name shop_product.slug shop_product.summary shop_productfile.content shop_productfile.notes
        shop_productfile.version
    """,
    "a role of staff, not a person": "auth_group.name",
    "a row by its id or number, and the names of changed fields": """
        django_admin_log.change_message django_admin_log.object_id django_admin_log.object_repr
    """,
    "the domain of a network, reduced to the part that was registered": """
        traffic_domainday.domain
    """,
    "a page of this site that exists, or `other`": """
        affiliates_click.landing_path affiliates_dailyclicks.label affiliates_tally.landing
    """,
}
LISTED = [column for columns in ALLOWED.values() for column in columns.split()]


def fields() -> dict[str, Any]:
    """`table.column` → model field."""
    return {
        f"{model._meta.db_table}.{field.column}": field
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.local_concrete_fields
    }


def readable_columns() -> Iterator[str]:
    """Of the live schema: all that is text, but for ids, choices and what is sealed."""
    known = fields()
    for alias in connections:
        connection = connections[alias]
        with connection.cursor() as cursor:
            for table in set(connection.introspection.table_names(cursor)) - {*_INTERNAL}:
                for column in connection.introspection.get_table_description(cursor, table):
                    field = known.get(f"{table}.{column.name}")
                    kind = connection.introspection.get_field_type(column.type_code, column)
                    is_text = isinstance(field, READABLE) if field else kind in {"CharField", "TextField", "JSONField"}
                    if is_text and not getattr(field, "choices", None):
                        yield f"{table}.{column.name}"


@pytest.mark.django_db
def test_every_readable_column_is_listed_with_its_reason() -> None:
    found = {*readable_columns()}
    assert "shop_order.reference" in found
    assert sorted(found - {*LISTED}) == []
    assert sorted({*LISTED} - found) == []
    assert len(LISTED) == len({*LISTED})
