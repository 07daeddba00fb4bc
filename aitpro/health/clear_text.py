"""The readable columns of this app."""

from privacy.registry.clear_text import PROGRAM, clear_text

clear_text(PROGRAM, "health_jobrun.name")
