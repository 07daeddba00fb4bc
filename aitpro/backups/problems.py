"""What stops a backup or a restore."""


class BackupProblem(Exception):
    """The text is one plain line for the operator: what is wrong and what to do. It holds no secret."""
