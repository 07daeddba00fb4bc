"""What looks like an address, a number or a key, and what does not."""

from __future__ import annotations

import pytest

from privacy.evidence.sweep.detectors import signs_in
from privacy.registry.clear_text import Sign


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("asked by quinn@example.net", Sign.EMAIL),
        ("<q.u+inn@müller.example>", Sign.EMAIL),
        ("call 805-651-8517", Sign.PHONE),
        ("call (805) 651 8517 today", Sign.PHONE),
        ("+49 30 901820", Sign.PHONE),
        ("from 203.0.113.77", Sign.NETWORK),
        ("203.0.113.77:51234 came", Sign.NETWORK),
        ("from 2001:db8:12::7", Sign.NETWORK),
        ("[2001:db8:0:12:1:2:3:7]:443", Sign.NETWORK),
        ("4111 1111 1111 1111", Sign.CARD),
        ("key k3V9xQ2mT7bN4cZ8wR5yP1sD6fG0hJ", Sign.TOKEN),
        ("sessionid=3q8v1kz0w5x9a2c7m4p6t8y1u3i5o7b9", Sign.TOKEN),
        ("00000001:a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s", Sign.TOKEN),
    ],
)
def test_text_that_may_be_personal_is_detected(text: str, sign: Sign) -> None:
    assert [*signs_in(text)] == [sign]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "refused with 422 on 2026-03-02T12:00:00Z, twice",
        "2026-03-02 12:00:00.123456+00:00",
        "018f3c1e-4111-7111-8111-411111111111",
        "018f3c1e411171118111411111111111",
        "5b6e01488a63ff3f42ee38658746303570d089d4310a6458ee764c3f85f7f15c",
        "from 127.0.0.1:5432 to 10.0.0.3, [::1] and 0.0.0.0:8000",
        "0002_alter_permission_name_max_length",
        "privacy.requests.SomethingVeryLongThatTheProgramSays",
        "our address is info@ait-pro.com, our number 805-651-8516",
        "1,234,567.89 USD in 17 commissions, 12:30:45",
        "Unicode 18.0.0, Django 5.2.19",
        "class://not@home",
    ],
)
def test_text_generated_by_code_is_not_detected(text: str) -> None:
    assert [*signs_in(text)] == []
