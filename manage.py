#!/usr/bin/env python
"""Django's command line for this project."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aitpro.settings")
    if sys.argv[1:2] == ["generate_key"]:
        # The one command that has to work before there are settings: they don't load without the key that it makes.
        from privacy.management.commands.generate_key import Command

        Command().run_from_argv(sys.argv)
        return
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
