"""The tables of libraries, looked at column by column: none of them holds anything personal in clear text."""

from .declarations import declare_table

declare_table("django_migrations", "the history of the schema", "id app name applied")
declare_table("django_content_type", "a list of the models", "id app_label model")
declare_table("auth_permission", "a list of what staff may do", "id name content_type_id codename")
declare_table("auth_group", "names of staff roles", "id name")
declare_table("auth_group_permissions", "what each staff role may do", "id group_id permission_id")
declare_table(
    "django_admin_log",
    "who changed which row when; rows are named by their id, because no model shows anything personal as its name",
    "id action_time user_id content_type_id object_id object_repr action_flag change_message",
    despite_link="it records the work of staff, not their lives: it goes with the user who did it",
)
declare_table(
    "django_tasks_database_dbtaskresult",
    "work in the background; arguments are ids only",
    "id status enqueued_at started_at finished_at args_kwargs priority task_path worker_ids queue_name backend_name"
    " run_after return_value exception_class_path traceback",
)
