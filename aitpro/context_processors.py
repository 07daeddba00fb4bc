"""Template variables available everywhere."""

from django.conf import settings
from django.http import HttpRequest


def business(request: HttpRequest) -> dict[str, object]:
    return {"business": settings.BUSINESS, "refund_days": settings.REFUND_DAYS}
