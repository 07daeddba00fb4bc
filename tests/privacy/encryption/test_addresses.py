"""Which addresses our forms take, and that two addresses share an index only where their mail goes to one mailbox."""

from __future__ import annotations

import ast
from pathlib import Path

import email_validator
import pytest
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.test import Client
from hypothesis import assume, given
from hypothesis import strategies as st

from privacy.encryption.email_addresses import validate_address
from privacy.encryption.email_field import EmailAddressField
from privacy.encryption.normalization import envelope_address, former_normal_form, normalize_email
from privacy.mail.gate import deliverable_address
from privacy.mail.sending import MailRefused
from tests.own_apps import OWN_APPS

LONG = "1111111111222222222233333333334444444444555555555566666666667777"  # 64 characters

INVALID = [
    # no @, or one that only looks like it
    "hello.world", "hello＠world.com", "hello﹫world.com", "@example.com", "me@", "@", "me@me@example.com",
    # domains
    "my@localhost", "my@.leadingdot.com", "my@．leadingfwdot.com", "my@twodots..com", "my@twofwdots．．.com",
    "my@trailingdot.com.", "my@trailingfwdot.com．", "me@-leadingdash.com", "me@－leadingdash.com", "me@dash-.com",
    "my@baddash.-a.com", "my@baddash.b-.com", "my@baddash.－a.com", "me@x!.com", "me@exa mple.com", "me@exa_mple.com",
    "me@;.com", "me@\u037e.com", "me@\u1fef.com", "me@⒈.com", "me@bad.tld-2", "me@1.2.3.4", "me@xn--0.tld",
    "me@yy--0.tld", "me@yy－－0.tld", f"me@{LONG}.com", f"me@中{LONG[:55]}.com", "me@a.\u0300b.com", "me@a\u200bb.com",
    "me@a\u202eb.com", "me@א1.1a\u05d0.com", "me@a\u00adb.com", f"me@{'a.' * 126}com", "me@example.com,example.org",
    # what stands before the @
    ".dot@example.com", "dot.@example.com", "two..dots@example.com", "white space@example.com", "(c)me@example.com",
    'bad"quotes"@example.com', '"quoted part"@example.com', '"quoted"@example.com', 'a."b".c@example.com',
    "me.\u037e@example.com", "zero\u200bwidth@example.com", "turn\u202eed@example.com", "\u0300me@example.com",
    "me\u2028@example.com", "me\u00a0you@example.com", "me\ue000@example.com", "me\u0000@example.com",
    "<\u0338me@example.com", "a\\b@example.com", f"{LONG}{LONG}{LONG}{LONG}@example.com", f"{'λ' * 125}@example.com",
    # several lines
    "my@example.com\n", "\nmy@example.com", "m\ny@example.com", "my@example\n.com", "me@a.com\r\nBcc: you@example.com",
    # not an address alone
    "me@[127.0.0.1]", "me@[IPv6:::1]", "me@[untagged]", "<me@example.com>", "Me <me@example.com>", "mailto:me@b@c.com",
]  # fmt: skip
BECOMES_ASCII = {"\u017fam": "s", "al\u0131ce": "i", "\u212aate": "k", "o\u1fefbrien": "`", "josé.\u0131": "i"}
RESERVED = [
    "me@anything.arpa", "me@valid.invalid", "me@link.local", "me@host.localhost", "me@onion.onion.onion",
    "me@test.test.test", "me@mail.TEST", "me@mail.ｔｅｓｔ",
]  # fmt: skip
INTERNATIONAL = [
    "伊昭傑@郵件.商務", "राम@मोहन.ईन्फो", "юзер@екзампл.ком", "θσερ@εχαμπλε.ψομ", "葉士豪@臺網中心.台灣",
    "jeff葉@臺網中心.tw", "ñoñó@example.tld", "我買@example.tld", "甲斐黒川日本@example.tld", "josé@example.com",
    "чебурашкаящик-с-апельсинами.рф@example.tld", "उदाहरण.परीक्ष@domain.with.idn.tld", "ιωάννης@εεττ.gr",
    "s\u0323\u0307@example.tld", "＠@example.tld", "straße@straße.example",
]  # fmt: skip
VALID = [
    "Abc@example.tld", "user+mailbox/department=shipping@example.tld", "!#$%&'*+-/=?^_`.{|}~@example.tld",
    "jeff@臺網中心.tw", "o'brien@example.co.uk", "a@b.co", "me@xn--bcher-kva.example", "anna@straße.example",
    "me@EXAMPLE.com", "me@ｅxample.com", "me@example。com", "  me@example.com\t", f"{LONG}@example.com",
]  # fmt: skip


def taken(typed: str) -> bool:
    try:
        EmailAddressField().clean(typed)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize("typed", INVALID + RESERVED)
def test_forms_refuse_what_is_no_address(typed: str) -> None:
    assert not taken(typed)


@pytest.mark.parametrize(("local", "meant"), BECOMES_ASCII.items())
def test_a_letter_that_mail_servers_turn_into_another_is_refused_where_it_is_typed(local: str, meant: str) -> None:
    with pytest.raises(ValidationError, match=f"is not supported; did you mean “{meant}”"):
        EmailAddressField().clean(f"{local}@example.com")


@pytest.mark.parametrize("typed", VALID + INTERNATIONAL)
def test_forms_take_every_address_that_can_be_mailed(typed: str) -> None:
    assert taken(typed)
    assert deliverable_address(typed)


@pytest.mark.django_db
@pytest.mark.parametrize("typed", ["me@;.com", "my@localhost", "my@twofwdots．．.com", "me@valid.invalid", "me＠b.com"])
@pytest.mark.parametrize("page", ["/contact/", "/privacy/request/", "/privacy/choices/", "/affiliates/apply/"])
def test_refused_address_stays_on_the_page_with_what_is_wrong(page: str, typed: str) -> None:
    html = Client().post(page, {"email": typed, "message": "Please keep this text."}).content.decode()
    assert "Enter a valid email address." in html
    assert f'value="{typed}"' in html
    assert "Codepoint" not in html


@pytest.mark.django_db
@pytest.mark.parametrize("typed", ["伊昭傑@郵件.商務", "anna@straße.example", "josé@example.com"])
def test_international_address_is_taken_by_the_contact_page_and_no_browser_stops_it(typed: str) -> None:
    page = Client().get("/contact/").content.decode()
    assert 'name="email"' in page and 'inputmode="email"' in page and 'type="email"' not in page
    form = {"name": "Anna", "email": typed, "kind": "question", "message": "Is this address fine?"}
    assert Client().post("/contact/", form).status_code == 302


def test_every_form_uses_the_one_field() -> None:
    apps = OWN_APPS
    used = {}
    for path in (path for app in apps for path in (Path(settings.BASE_DIR) / app).rglob("*.py")):
        if "migrations" not in path.parts:
            names = {getattr(node, "attr", getattr(node, "id", "")) for node in ast.walk(ast.parse(path.read_text()))}
            if found := names & {"EmailField", "EmailInput", "EmailValidator", "validate_email"}:
                used[f"{path.parent.name}/{path.name}"] = found
    assert used == {"encryption/email_field.py": {"EmailField"}, "encryption/email_addresses.py": {"validate_email"}}
    assert issubclass(EmailAddressField, forms.EmailField)


# --- One index, one mailbox -------------------------------------------------------------------------------------------

HOSTILE = [
    ("anna@straße.example", "anna@strasse.example"),
    ("anna@STRAẞE.example", "anna@strasse.example"),
    ("anna@βόλος.example", "anna@βόλοσ.example"),
    ("straße@example.com", "strasse@example.com"),
    ("σς@example.com", "σσ@example.com"),
    ("ＡＬＩＣＥ@example.com", "alice@example.com"),
    ("al\u0130ce@example.com", "ali\u0307ce@example.com"),
    ("Élan@example.com", "élan@example.com"),
    ("ﬁn@example.com", "fin@example.com"),
    ("²@example.com", "2@example.com"),
    ("а@example.com", "a@example.com"),  # the first one is Cyrillic
    ("anna@раypal.example", "anna@paypal.example"),
    ("a.nna@example.com", "anna@example.com"),
]
SAME = [
    ("Anna@straße.example", "anna@XN--STRAE-OQA.example"),
    ("anna@STRASSE.example", "anna@strasse.example"),
    ("anna@Bücher.example", "anna@bu\u0308cher.example"),
    ("jose\u0301@example.com", "josé@EXAMPLE.com"),
    ("me@ｅxample.com", "me@example.com"),
    ("me@example。com", "me@example.com"),
]


@pytest.mark.parametrize(("one", "other"), HOSTILE)
def test_look_alikes_have_two_indexes(one: str, other: str) -> None:
    assert taken(one) and taken(other)
    assert normalize_email(one) != normalize_email(other)
    assert deliverable_address(one) != deliverable_address(other)


@pytest.mark.parametrize(("one", "other"), SAME)
def test_spellings_of_one_mailbox_have_one_index(one: str, other: str) -> None:
    assert normalize_email(one) == normalize_email(other)
    assert deliverable_address(one).lower() == deliverable_address(other).lower()


LETTERS = "aAkKsSiIß\u1e9eσςΣéÉe\u0301\u0308\u0327üıİﬁＡａ\u212a中ßж\u200b\u200c\u200d.'+"
DOMAIN = "aAsS\u1e9eßσςΣéÉe\u0301ｅ。．.-ü\u00ad\u200cк中xn1"
locals_ = st.text(st.sampled_from(LETTERS), min_size=1, max_size=4)
domains = st.text(st.sampled_from(DOMAIN), min_size=1, max_size=6)
addresses = st.builds(
    "{}@{}{}".format,
    locals_ | st.sampled_from(["Anna", "josé"]),
    domains,
    st.sampled_from([".example", "。ＥＸＡＭＰＬＥ"]),
)


@st.composite
def variants(draw: st.DrawFn) -> tuple[str, str]:
    """Two addresses, often spellings of one another."""
    one = draw(addresses)
    changes = [str.upper, str.lower, str.casefold, str.swapcase, former_normal_form, normalize_email, envelope_address]
    return one, draw(st.sampled_from(changes).map(lambda change: change(one)) | addresses)


def mailbox(address: str) -> tuple[str, str]:
    """Where a mail goes, by what `email-validator` says, independently of ours: the domain as it is delivered to, and
    the part before the @ as it is delivered; case does not count where all of that part is ASCII, and nowhere else."""
    found = email_validator.validate_email(address.strip(), check_deliverability=False)
    return (found.local_part.lower() if found.local_part.isascii() else found.local_part), str(found.ascii_domain)


@given(variants())
def test_two_addresses_share_an_index_just_where_their_mail_goes_to_one_mailbox(pair: tuple[str, str]) -> None:
    one, other = pair
    assume(taken(one) and taken(other))
    assert (normalize_email(one) == normalize_email(other)) == (mailbox(one) == mailbox(other))


@given(addresses)
def test_whatever_a_form_takes_can_be_mailed_where_its_index_says(typed: str) -> None:
    assume(taken(typed))
    local, _, domain = deliverable_address(typed).rpartition("@")
    assert (local.lower() if local.isascii() else local, domain) == mailbox(typed)
    assert normalize_email(deliverable_address(typed)) == normalize_email(typed)


@given(addresses | st.text(max_size=30))
def test_address_refused_by_the_form_is_not_mailed(typed: str) -> None:
    assume(not taken(typed) and not {"\n", "\r"} & set(typed))
    with pytest.raises(MailRefused):
        deliverable_address(typed)


@given(st.emails() | addresses | st.text(max_size=40))
def test_normal_form_and_envelope_of_themselves_are_themselves(text: str) -> None:
    assert normalize_email(normalize_email(text)) == normalize_email(text)
    assert envelope_address(envelope_address(text)) == envelope_address(text)


@given(st.text(st.characters(max_codepoint=127), max_size=40))
def test_former_normal_form_is_the_same_for_ascii(text: str) -> None:
    assert former_normal_form(text) == normalize_email(text)


def test_validator_speaks_in_plain_words() -> None:
    with pytest.raises(ValidationError) as caught:
        validate_address("me@xn--0.tld")
    assert caught.value.messages == ["Enter a valid email address. The part after the @ is not valid IDNA."]


def test_endless_text_is_refused_without_a_closer_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(email_validator, "validate_email", lambda *_, **__: pytest.fail("looked at"))
    assert not taken("ａ" * 1_000_000 + "@example.org")
