"""Affiliates whose program moved here: where they come from, whether they know, and their old links."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from privacy.encryption.blind_index import BlindIndexField
from privacy.encryption.fingerprints import FingerprintField
from privacy.encryption.models import SealedModel
from privacy.registry.declarations import Erasure, Retention, personal_data
from privacy.registry.growth import Kept
from privacy.registry.purposes import Purpose

from .affiliate import Affiliate


class LinkParameter(models.TextChoices):
    """The names in the links of other programs: `?ref=12`, `?aff=12`, `?via=alice`."""

    REF = "ref", "?ref="  # AffiliateWP
    AFF = "aff", "?aff="  # SliceWP
    VIA = "via", "?via="  # Rewardful, FirstPromoter
    FPR = "fpr", "?fpr="  # FirstPromoter
    AFFILIATE = "affiliate", "?affiliate="
    REFERRAL = "referral", "?referral="
    PARTNER = "partner", "?partner="


@personal_data(
    label="Your links in the program that moved here",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    columns={"value": "a sealed fingerprint of the code or number in the link"},
    other_columns="id affiliate_id parameter value_index since",
    found_by=("affiliate__user__email_index",),
    retention=Retention(text="permanently"),
    erasure=Erasure.KEEP,
    kept_because="somebody else would be paid for links that you published",
    circumstances={"parameter": "kind of link", "since": "since"},
    source="the affiliate program that you joined, which moved here",
    recipients="nobody",
    growth=Kept("an old link is never given to anyone else"),
)
class OldLink(SealedModel):
    """A link of the former program, which goes on earning: the name of its parameter, and the fingerprint of its value.

    The database refuses to delete it or to move it to another affiliate.
    """

    affiliate = models.ForeignKey(Affiliate, on_delete=models.PROTECT, related_name="old_links")
    parameter = models.CharField(max_length=10, choices=LinkParameter)
    value = FingerprintField(of="code")
    value_index = BlindIndexField("value", normalize="code_fingerprint")
    since = models.DateTimeField(default=timezone.now)

    database_triggers = ("no_replace", "no_update", "no_delete")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["parameter", "value_index"], name="one_affiliate_per_old_link"),
        ]


class MovedAffiliateQuerySet(models.QuerySet["MovedAffiliate"]):
    def to_notify(self) -> MovedAffiliateQuerySet:
        return self.filter(notice=MovedAffiliate.Notice.WAITING)


@personal_data(
    label="Where your affiliate account comes from",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    columns={"source_id": "a sealed fingerprint of your number there"},
    other_columns="id affiliate_id source source_id_index moved_at notice mail_id",
    found_by=("affiliate__user__email_index",),
    retention=Retention(text="permanently"),
    erasure=Erasure.KEEP,
    kept_because="a deleted account would come back if the same export were taken over again",
    circumstances={"source": "former program", "moved_at": "moved here at"},
    unlisted=frozenset({"notice", "mail_id"}),
    source="the affiliate program that you joined, which moved here",
    recipients="nobody",
    growth=Kept("one row for each affiliate who moved in"),
)
class MovedAffiliate(SealedModel):
    """One row of an export, taken over once. Until the affiliate is told, the account is used for nothing else."""

    class Source(models.TextChoices):
        AFFILIATEWP = "affiliatewp", "AffiliateWP"
        SLICEWP = "slicewp", "SliceWP"
        REWARDFUL = "rewardful", "Rewardful"
        FIRSTPROMOTER = "firstpromoter", "FirstPromoter"
        CSV = "csv", "our former program"

    class Notice(models.TextChoices):
        WAITING = "waiting", "to be told"
        MAILED = "mailed", "email on its way"
        UNREACHABLE = "unreachable", "can't be told by email"
        TOLD = "told", "told"

    affiliate = models.OneToOneField(Affiliate, on_delete=models.PROTECT, related_name="moved_from")
    source = models.CharField(max_length=15, choices=Source)
    source_id = FingerprintField(of="code")
    source_id_index = BlindIndexField("source_id", normalize="code_fingerprint")
    moved_at = models.DateTimeField(default=timezone.now)
    notice = models.CharField(max_length=12, choices=Notice, default=Notice.WAITING, db_index=True)
    mail_id = models.UUIDField(null=True, editable=False)

    objects = MovedAffiliateQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "source_id_index"], name="moved_in_once"),
        ]
