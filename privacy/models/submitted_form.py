"""Which forms were sent lately. The database keeps their digests unique."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import IntegrityError, models

from privacy.registry.declarations import not_personal

KEPT = timedelta(days=1)  # how long the same form, sent again, is answered as before
GIVEN_UP = timedelta(minutes=5)  # far longer than any form takes: its process was killed


class SubmittedFormQuerySet(models.QuerySet["SubmittedForm"]):
    def over(self, now: datetime) -> SubmittedFormQuerySet:
        return self.filter(claimed_at__lte=now - KEPT)

    def claimable(self, now: datetime) -> SubmittedFormQuerySet:
        """Their time is over, or whoever was at work on them never came back."""
        never_answered = models.Q(answer=None, claimed_at__lte=now - GIVEN_UP)
        return self.filter(never_answered | models.Q(claimed_at__lte=now - KEPT))

    def claim(self, digest: str, *, now: datetime) -> bool:
        """Whether this form is ours to work on; False for all but one of any number of requests at once. Commits at
        once, so that nobody waits for a lock while the work talks to others."""
        try:
            if self.get_or_create(digest=digest, defaults={"claimed_at": now})[1]:
                return True
        except IntegrityError:  # it was let go of between two statements: ask again
            return False
        return bool(self.claimable(now).filter(digest=digest).update(claimed_at=now, answer=None))


@not_personal("digests of sent forms, and answers that only the form itself can open", "digest claimed_at answer")
class SubmittedForm(models.Model):
    """One form that is worked on (no answer yet) or was answered."""

    digest = models.CharField(max_length=64, primary_key=True)
    claimed_at = models.DateTimeField(db_index=True)
    answer = models.BinaryField(null=True)

    objects = SubmittedFormQuerySet.as_manager()

    def __str__(self) -> str:
        return f"form {self.digest[:8]}"


def forget_old_forms(*, now: datetime) -> int:
    """Returns how many."""
    return SubmittedForm.objects.over(now).delete()[0]
