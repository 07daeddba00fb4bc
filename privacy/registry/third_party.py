"""Declarations of third-party tables: none contains personal data in clear text."""

from .declarations import declare_table

declare_table("django_migrations", "the history of the schema", "id app name applied")
declare_table("django_content_type", "a list of the models", "id app_label model")
declare_table("auth_permission", "a list of permissions", "id name content_type_id codename")
declare_table("auth_group", "names of staff roles", "id name")
declare_table("auth_group_permissions", "the permissions of each staff role", "id group_id permission_id")
declare_table("django_site", "the name that Django gives this site; used by its redirects alone", "id domain name")
declare_table("django_redirect", "which address of the site leads to which other", "id site_id old_path new_path")
declare_table(
    "django_admin_log",
    "who changed which row when; rows are named by ID, because `__str__` never contains personal data",
    "id action_time user_id content_type_id object_id object_repr action_flag change_message",
    despite_link="it only records the work of staff, and is deleted with the user",
)
declare_table(
    "django_tasks_database_dbtaskresult",
    "background tasks; arguments are IDs only",
    "id status enqueued_at started_at finished_at args_kwargs priority task_path worker_ids queue_name backend_name"
    " run_after return_value exception_class_path traceback",
)
