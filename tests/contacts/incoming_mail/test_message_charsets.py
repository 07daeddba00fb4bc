"""Text is read in any character set, and with a label that is missing, unknown or wrong."""

from __future__ import annotations

import pytest

from .corpus_reading import message_in, names_in

RUSSIAN = "Здравствуйте! Сколько стоит сайт для небольшого магазина?"
READ = {  # subject and text
    "big5": ("報價", "您好，我想了解網站設計的價格。"),
    "codec_that_is_no_charset": ("a-b", "\\u0041 stays"),
    "gb18030": ("报价", "您好，我想了解网站设计的价格。𠀀"),
    "gb2312_that_is_gbk": ("報價", "您好，镕先生"),
    "hebrew_visual": ("שלום", "שלום, כמה עולה אתר?"),
    "iso_2022_jp": ("お見積り", "お世話になっております。\nウェブサイトの見積もりをお願いします。"),
    "iso_2022_jp_of_windows": ("御見積①", "見積①"),
    "koi8_r": ("Вопрос о цене", RUSSIAN),
    "koi8_r_without_label": ("A question", RUSSIAN),
    "korean_ks_c_5601": ("견적", "안녕하세요. 웹사이트 견적을 부탁드립니다. 똠"),
    "language_in_a_word": ("Keith Moore Grüße", "RFC 2231, section 5"),
    "latin_1_labeled_utf_8": ("Grüße", "Grüße aus München, viel Text"),
    "shift_jis": ("お見積り", "㈱ウェブ①"),
    "unknown_label": ("Grüße", "Grüße"),
    "utf_16": ("A question", "Grüße"),
    "utf_7": ("Grüße", "Grüße"),
    "utf_8_in_raw_headers": ("Größe und Preis", "Grüße aus München 🙂"),
    "utf_8_labeled_latin_1": ("A question", "Grüße aus München"),
    "utf_8_labeled_us_ascii": ("A question", "Grüße aus München 🙂"),
    "windows_1251_in_raw_headers": ("Вопрос о цене вашего сайта", RUSSIAN),
    "windows_1252_labeled_latin_1": ("“Price” in €", "“That’s it” – 5 €"),
    "words_that_split_letters": ("网站设计€", "See the subject"),
}
NAMES = {"utf_8_in_raw_headers": "Jörg Müller", "windows_1251_in_raw_headers": "Иван Петров"}


def test_each_charset_of_the_corpus_is_expected() -> None:
    assert names_in("charsets") == READ.keys()


@pytest.mark.parametrize("name", sorted(READ))
def test_text_is_read_whatever_its_character_set(name: str) -> None:
    message = message_in("charsets", name)
    assert (message.subject, message.text) == READ[name]
    assert (message.sender, message.sender_name) == ("dave@example.org", NAMES.get(name, "Dave"))
