"""What the rehearsal tries with accounts.

- `staff`: somebody of each role; `doors`: how strangers try to get in
"""

from . import password_links, staff  # noqa: F401  (importing registers them)
