"""Recently submitted forms. The database keeps their hashes unique."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import IntegrityError, models

from privacy.registry.declarations import not_personal
from privacy.registry.growth import Pruned

KEPT = timedelta(days=1)  # how long a resubmitted form gets the stored response
ABANDONED_AFTER = timedelta(minutes=5)  # longer than any form takes, so its process was killed


class SubmittedFormQuerySet(models.QuerySet["SubmittedForm"]):
    def claimable(self, now: datetime) -> SubmittedFormQuerySet:
        """Expired forms, and forms whose process was killed."""
        never_answered = models.Q(answer=None, claimed_at__lte=now - ABANDONED_AFTER)
        return self.filter(never_answered | models.Q(claimed_at__lte=now - KEPT))

    def claim(self, digest: str, *, now: datetime) -> bool:
        """Whether this request may process the form; True for exactly one of concurrent requests. Commits immediately,
        so that no lock is held while the view works."""
        try:
            if self.get_or_create(digest=digest, defaults={"claimed_at": now})[1]:
                return True
        except IntegrityError:  # released between two statements: the caller retries
            return False
        return bool(self.claimable(now).filter(digest=digest).update(claimed_at=now, answer=None))


@not_personal(
    "hashes of submitted forms, and responses that only the form itself can open",
    "digest claimed_at answer",
    growth=Pruned(since="claimed_at", days=KEPT.days, why="while a form may be sent again"),
)
class SubmittedForm(models.Model):
    """A submitted form: in progress (no answer yet) or answered."""

    digest = models.CharField(max_length=64, primary_key=True)
    claimed_at = models.DateTimeField(db_index=True)
    answer = models.BinaryField(null=True)

    objects = SubmittedFormQuerySet.as_manager()

    def __str__(self) -> str:
        return f"form {self.digest[:8]}"
