"""Clear-text columns of this app and of third-party libraries, with the reason for each."""

from .clear_text import (
    DIGEST,
    FOR_ANYBODY,
    HASHES,
    IDS,
    OWN_NUMBER,
    OWN_WORDS,
    PROCESS,
    PROGRAM,
    PUBLIC,
    ROLE,
    ROW,
    SEALED,
    TRACEBACK,
    clear_text,
)

clear_text(
    DIGEST,
    """
    audit_auditentry.hash audit_auditentry.previous_hash disclosure_disclosure.document_digest
    disclosure_disclosure.export_digest policy_policyversion.registry_hash privacy_accessarchive.link_digest
    privacy_mailtext.based_on privacy_privacyrequest.correction_digest privacy_privacyrequest.link_digest
    privacy_submittedform.digest
    """,
)
clear_text(
    FOR_ANYBODY,
    "privacy_mailtext.body privacy_mailtext.subject privacy_mailtextversion.body privacy_mailtextversion.subject",
)
clear_text(HASHES, "privacy_limits.cache_key")
clear_text(SEALED, "privacy_limits.value")
clear_text(
    OWN_NUMBER,
    """
    audit_signingkey.key_id audit_signingkey.signed_by disclosure_disclosure.reference privacy_keycheck.key_id
    privacy_privacyrequest.reference
    """,
)
clear_text(
    PROGRAM,
    """
    audit_auditentry.action audit_auditentry.object_model disclosure_disclosure.scope keystore_optoutcopy.channel
    keystore_optoutcopy.point keystore_optoutcopy.purpose keystore_optoutcopy.source policy_policynotice.contact_model
    privacy_addresschange.model privacy_addressindexing.rules privacy_heartbeat.name privacy_mailtally.kind
    privacy_mailtext.kind
    privacy_breach.promise privacy_measurement.promise privacy_changedmoment.subject privacy_summeddays.subject
    privacy_summeddays.version
    privacy_outgoingmail.about_model privacy_outgoingmail.kind privacy_promisestate.promise
    privacy_undeliverableaddress.code
    """,
)
clear_text(IDS, "audit_auditentry.object_id")
clear_text(
    OWN_WORDS,
    """
    policy_policynotice.reason privacy_attempt.attempts privacy_attempt.probes privacy_attempt.reason
    privacy_attempt.searches privacy_attempt.unreached privacy_breach.place privacy_measurement.figures
    privacy_outgoingmail.refusal
    """,
)
clear_text(
    PUBLIC,
    """
    audit_signingkey.public_key audit_signingkey.signature policy_policyversion.additions
    policy_policyversion.snapshot policy_policyversion.summary
    """,
)

# Third-party tables.
clear_text(
    PROGRAM,
    """
    auth_permission.codename auth_permission.name django_content_type.app_label django_content_type.model
    django_migrations.app django_migrations.name django_tasks_database_dbtaskresult.backend_name
    django_tasks_database_dbtaskresult.exception_class_path django_tasks_database_dbtaskresult.queue_name
    django_tasks_database_dbtaskresult.task_path
    """,
)
clear_text(ROLE, "auth_group.name")
clear_text(PROCESS, "django_tasks_database_dbtaskresult.worker_ids")
clear_text(IDS, "django_tasks_database_dbtaskresult.args_kwargs django_tasks_database_dbtaskresult.return_value")
clear_text(TRACEBACK, "django_tasks_database_dbtaskresult.traceback")
clear_text(ROW, "django_admin_log.change_message django_admin_log.object_id django_admin_log.object_repr")
