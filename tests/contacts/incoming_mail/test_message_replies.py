"""An answer is told from the history that mail programs put around it."""

from __future__ import annotations

import pytest

from contacts.incoming_mail.reading.quoting import split_history

from .corpus_reading import message_in, names_in

ANSWERS = {  # what is new, and how the history begins and ends
    "apple_mail": ("Yes, please.\n\nDave", "> On 2 Mar 2026, at 12:00, AITpro", "> Shall we begin?\n>"),
    "apple_mail_html": ("Yes, please.\n\nDave", "> On 2 Mar 2026, at 12:00, AITpro", "> Shall we begin?"),
    "forwarded_by_gmail": ("This is the quote I mean.", "---------- Forwarded message", "Shall we begin?"),
    "gmail": ("Yes, please.", "On Mon, Mar 2, 2026 at 12:00 PM AITpro Website", "> Shall we begin?\n>\n> AITpro\n>"),
    "gmail_portuguese": ("Sim, por favor.", "Em seg., 2 de mar. de 2026 às 12:00, AITpro", "> Vamos começar?"),
    "gmail_spanish_html": ("Sí, gracias.\n\nDave", "El lun, 2 mar 2026 a las 12:00, AITpro", "> ¿Empezamos?"),
    "gmx_html": ("Ja, gerne.", "> Gesendet: Montag, 02. März 2026", "> Sollen wir beginnen?"),
    "iphone_picture_between": (
        "This is how it looks:\n\nCan you mend it?\n\nSent from my iPhone",
        "> On Mar 2, 2026, at 12:00, AITpro",
        "> Is it done?",
    ),
    "mail_ru_russian": ("Да, начинайте.", "Понедельник, 2 марта 2026, 12:00 +03:00 от AITpro", ">AITpro"),
    "outlook_desktop": ("Yes, please begin in April.\n\nDave", "From: AITpro <info@ait-pro.com>", "Shall we begin?"),
    "outlook_desktop_german_html": (
        "Ja, gerne ab April.\n\nViele Grüße\nDave",
        "________________________________\nVon: AITpro",
        "Sollen wir beginnen?",
    ),
    "outlook_express_original_message": ("Yes, please.", "-----Original Message-----\nFrom:", "Shall we begin?"),
    "outlook_japanese": ("はい、お願いします。", "差出人: AITpro", "開始しますか。"),
    "outlook_mobile": (
        "Yes, please.\n\nGet Outlook for iOS<https://aka.ms/o0ukef>",
        "________________________________\nFrom: AITpro",
        "Shall we begin?",
    ),
    "outlook_web_french_html": (
        "Oui, en avril.\n\nDave",
        "________________________________\nDe : AITpro",
        "On commence ?",
    ),
    "proton": (
        "Yes, please.\n\nSent with Proton Mail secure email.",
        "On Monday, March 2nd, 2026 at 12:00 PM, AITpro",
        "> Shall we begin?",
    ),
    "qq_chinese": ("好的，请开始。", "------------------ 原始邮件 ------------------", "可以开始吗？"),
    "roundcube_polish": ("Tak, proszę.", "W dniu 2026-03-02 12:00, AITpro napisał(a):", "> Czy zaczynamy?"),
    "thunderbird_answer_below_german": ("Ja, gerne.\n\nDave", "Am 02.03.26 um 12:00 schrieb AITpro:", "> AITpro"),
    "thunderbird_flowed": (
        "Yes, please begin in April, as soon as the texts of the whole homepage are finished.",
        "On 02.03.26 12:00, AITpro wrote:\n> Shall we begin, or do you prefer to wait until the texts are finished?",
        "> AITpro",
    ),
    "yahoo_html": ("Yes, please.", "> On Monday, March 2, 2026 at 12:00:00 PM GMT, AITpro", "> Shall we begin?"),
}
WHOLE = {"new_mail_that_mentions_mails", "thunderbird_answers_between"}


def test_each_answer_of_the_corpus_is_expected() -> None:
    assert names_in("replies") == ANSWERS.keys() | WHOLE


@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_history_is_kept_apart_from_the_answer(name: str) -> None:
    message, (text, begins, ends) = message_in("replies", name), ANSWERS[name]
    assert message.text == text
    assert message.quoted.startswith(begins)
    assert message.quoted.endswith(ends)
    assert (message.sender, message.sender_name) == ("dave@example.org", "Dave Example")
    assert message.answers_to == ("<quote@ait-pro.com>",)


def test_answers_between_quoted_lines_stay_with_them() -> None:
    message = message_in("replies", "thunderbird_answers_between")
    assert "> Shall we begin?\n\nYes, please.\n\n> Who writes the texts?\n\nYou do." in message.text
    assert message.quoted == ""


def test_text_about_mails_is_no_history() -> None:
    message = message_in("replies", "new_mail_that_mentions_mails")
    assert message.text.startswith("Hello,\n\non March 2 your colleague wrote:")
    assert message.text.endswith("What now?\n\n--\nDave")
    assert message.quoted == ""


@pytest.mark.parametrize(
    "attribution",
    [
        "Le lun. 2 mars 2026 à 12:00, AITpro <info@ait-pro.com> a écrit :",
        "Il giorno lun 2 mar 2026 alle ore 12:00 AITpro <info@ait-pro.com> ha scritto:",
        "Op ma 2 mrt 2026 om 12:00 schreef AITpro <info@ait-pro.com>:",
        "Den mån 2 mars 2026 kl 12:00 skrev AITpro <info@ait-pro.com>:",
        "man. 2. mar. 2026 kl. 12.00 skrev AITpro <info@ait-pro.com>:",
        "ma 2. maalisk. 2026 klo 12.00 AITpro (info@ait-pro.com) kirjoitti:",
        "po 2. 3. 2026 v 12:00 odesílatel AITpro <info@ait-pro.com> napsal:",
        "пн, 2 мар. 2026 г. в 12:00, AITpro <info@ait-pro.com>:",
        "2 Mar 2026 Pzt 12:00 tarihinde AITpro <info@ait-pro.com> şunu yazdı:",
        "2026年3月2日(月) 12:00 AITpro <info@ait-pro.com>:",
        "AITpro <info@ait-pro.com> 于2026年3月2日周一 12:00写道：",
        "2026년 3월 2일 (월) 오후 12:00, AITpro <info@ait-pro.com>님이 작성:",
        "‫בתאריך יום ב׳, 2 במרץ 2026 ב-12:00 מאת ‪AITpro‬‏ <info@ait-pro.com>:",
    ],
)
def test_history_begins_with_the_line_above_it_in_many_languages(attribution: str) -> None:
    assert split_history(f"OK\n\n{attribution}\n\n> 1\n> 2") == ("OK", f"{attribution}\n\n> 1\n> 2")


def test_wrapped_line_above_the_history_belongs_to_it_but_not_the_answer_over_it() -> None:
    history = "On Mon, Mar 2, 2026 at 12:00 PM AITpro Website Design & Security\n<info@ait-pro.com> wrote:\n> Begin?"
    assert split_history(f"Yes.\n{history}") == ("Yes.", history)


def test_history_without_marks_is_found_by_the_line_above_it() -> None:
    history = "On Mon, Mar 2, 2026, AITpro <info@ait-pro.com> wrote:\n\nShall we begin?"
    assert split_history(f"Yes.\n\n{history}") == ("Yes.", history)


def test_line_with_a_colon_is_no_history() -> None:
    text = "Call me at 805 555 0100 or write to dave@example.org about:\n\nthe start page"
    assert split_history(text) == (text, "")
