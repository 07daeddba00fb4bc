"""What staff type into columns that stay readable names nobody."""

from __future__ import annotations

import pytest
from django.test import Client

from affiliates.models import AffiliateGroup
from contacts.models import SavedReply
from shop.models import Product
from tests.staff_pages import Page

GROUPS, REPLIES = "/admin/affiliates/affiliategroup/add/", "/admin/contacts/savedreply/add/"


@pytest.mark.parametrize("name", ["joe@foo.example", "Joe, +1 805 651 8500", "8.8.4.4"])
def test_a_group_is_not_named_like_a_person(staff: Client, name: str) -> None:
    answer = Page(staff, GROUPS).submit(name=name)
    assert "This contains" in answer.text
    assert "a name that staff give to a part of the program" in answer.text
    assert not AffiliateGroup.objects.exists()
    Page(staff, GROUPS).submit(name="Gold 2026")
    assert AffiliateGroup.objects.get().name == "Gold 2026"


def test_a_saved_reply_may_hold_an_address_of_the_business_and_no_network(staff: Client) -> None:
    kept = {"title": "Where to write", "body": "Write to help@example.com or call +1 805 651 8516.", "position": "1"}
    assert "an IP address" in Page(staff, REPLIES).submit(**{**kept, "body": "You came from 8.8.4.4."}).text
    assert not SavedReply.objects.exists()
    Page(staff, REPLIES).submit(**kept)
    assert SavedReply.objects.get().body == kept["body"]


def test_what_is_public_may_hold_all_of_it(staff: Client, product: Product) -> None:
    text = "Blocks 8.8.4.4. Questions? help@example.com"
    Page(staff, f"/admin/shop/product/{product.pk}/change/").submit(summary=text)
    product.refresh_from_db()
    assert product.summary == text
