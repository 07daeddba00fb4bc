#!/usr/bin/env python
"""Django's command line for this project."""

import os
import sys

from aitpro.logs.processes import install_hooks


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aitpro.settings")
    install_hooks()
    if sys.argv[1:2] == ["generate_key"]:
        # The one command that has to work before there are settings: they don't load without the key that it makes.
        from privacy.management.commands.generate_key import Command

        Command().run_from_argv(sys.argv)
        return
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except Exception as error:
        if sys.argv[1:2] != ["receive_mail"]:
            raise
        # Mail servers take 1 for a final refusal, and return the message; with EX_TEMPFAIL they keep it. They also
        # return or log what is printed.
        print(f"Not stored, try again: {type(error).__name__}.", file=sys.stderr)
        sys.exit(75)


if __name__ == "__main__":
    main()
