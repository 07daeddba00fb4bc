"""Declarations of third-party tables: none contains personal data in clear text."""

from .declarations import declare_table
from .growth import STAFF, Bounded, DeletedWith, Pruned

_CODE = Bounded("as many as the code has")

declare_table("django_migrations", "the history of the schema", "id app name applied", growth=_CODE)
declare_table("django_content_type", "a list of the models", "id app_label model", growth=_CODE)
declare_table("auth_permission", "a list of permissions", "id name content_type_id codename", growth=_CODE)
declare_table("auth_group", "names of staff roles", "id name", growth=_CODE)
declare_table(
    "auth_group_permissions",
    "the permissions of each staff role",
    "id group_id permission_id",
    growth=DeletedWith("group"),
)
declare_table(
    "django_site", "the name that Django gives this site; used by its redirects alone", "id domain name", growth=_CODE
)
declare_table(
    "django_redirect", "which address of the site leads to which other", "id site_id old_path new_path", growth=STAFF
)
declare_table(
    "django_admin_log",
    "who changed which row when; rows are named by ID, because `__str__` never contains personal data",
    "id action_time user_id content_type_id object_id object_repr action_flag change_message",
    growth=Pruned(since="action_time", days=730, why="to see who changed what; the audit log stays"),
    despite_link="it only records the work of staff, and is deleted with the user",
)
declare_table(
    "django_tasks_database_dbtaskresult",
    "background tasks; arguments are IDs only",
    "id status enqueued_at started_at finished_at args_kwargs priority task_path worker_ids queue_name backend_name"
    " run_after return_value exception_class_path traceback",
    growth=Pruned(since="finished_at", days=7, why="to investigate failures"),
)
