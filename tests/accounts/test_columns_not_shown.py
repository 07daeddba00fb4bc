"""Staff can't read a column letter by letter that no page shows them, by asking the list how many rows begin so."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from accounts.models import User
from shop.models import Product
from tests import factories
from tests.cast import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


@pytest.fixture
def owner() -> Client:
    """A colleague with the role that has most rights, who is no superuser."""
    user = factories.user("oscar@example.com", is_staff=True)
    user.groups.add(Group.objects.get(name="Owner"))
    return signed_in(user)


@pytest.mark.parametrize("lookup", ["password__regex", "password__startswith", "password", "groups__user__password"])
def test_owner_cannot_guess_the_hash_of_a_superusers_password(owner: Client, bob: User, lookup: str) -> None:
    right, wrong = (owner.get("/admin/accounts/user/", {lookup: guess}) for guess in (bob.password[:12], "no such"))
    assert owner.get("/admin/accounts/user/?is_staff__exact=1").status_code == 200
    assert {right.status_code, wrong.status_code} == {400}


@pytest.mark.parametrize(
    "path",
    [
        "/admin/privacy/privacyrequest/?link_digest__startswith=a",
        "/admin/affiliates/application/?link_digest__startswith=a",
        "/admin/shop/order/?checkout_digest__startswith=a",
    ],
)
def test_digests_of_links_cannot_be_searched(owner: Client, product: Product, path: str) -> None:
    factories.order(product, "erin@example.org")
    assert owner.get(path.partition("?")[0]).status_code == 200
    assert owner.get(path).status_code == 400
