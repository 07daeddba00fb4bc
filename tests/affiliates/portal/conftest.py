"""The cast of the portal's tests."""

from __future__ import annotations

import pytest

from affiliates.models import Affiliate
from tests import factories


@pytest.fixture
def erin(db: None) -> Affiliate:
    """Another affiliate, with nothing yet."""
    return factories.affiliate("erin@example.com", "ERIN")
