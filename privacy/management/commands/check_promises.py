from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.timesince import timesince

from privacy.evidence.attacks import LatestAttack, latest_attacks
from privacy.evidence.measurement import findings
from privacy.registry.purpose_binding import acts_for


class Command(BaseCommand):
    help = (
        "Measures the evidence for every promise and reads the results of the last attacks. Exit code 1, and a line "
        "for each broken promise and each attack that failed or is too old."
    )

    @acts_for(upkeep=True)
    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        attacks, found = latest_attacks(now=now), findings(now=now)
        for attack in attacks:
            self.stdout.write(_in_words(attack))
        broken = [finding for finding in found if finding.is_broken]
        for finding in broken:
            figures = ", ".join(f"{what}: {value}" for what, value in finding.figures.items())
            self.stdout.write(f"{finding.promise.id}: {figures}")
        if broken:
            raise CommandError(f"{len(broken)} of {len(found)} promises are broken.")
        if any(attack.trouble for attack in attacks):
            raise CommandError("No promise is known to be broken, but the attacks did not run properly.")
        self.stdout.write(f"Every promise is kept: {len(found)} of {len(found)}.")


def _in_words(attack: LatestAttack) -> str:
    """A one-line summary of the last attacks of one kind, including problems with the attack itself."""
    parts = ["never completed"]
    if attack.good:
        began = attack.good.began_at
        parts = [
            f"last completed one started {timesince(began, depth=1)} ago ({began:%Y-%m-%d %H:%M} UTC)".replace(
                "\xa0", " "
            ),
            f"entry points: {attack.good.ways}",
            f"attempts: {attack.attempts}",
            f"searches: {attack.searches}",
            f"places found: {attack.found}",
            f"places not tried: {attack.untried}",
        ]
    return f"{attack.kind}: " + ", ".join([*parts, *filter(None, [attack.trouble])])
