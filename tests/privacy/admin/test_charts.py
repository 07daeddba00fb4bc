"""Charts for staff: round axes, values as text, and nothing that only a color tells."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup
from django.template import Context, Template

from privacy.admin_base.reporting.charts import Chart, Point, axis_ticks, bar_chart


def drawn(chart: Chart) -> BeautifulSoup:
    return BeautifulSoup(
        Template("{% load charts %}{% chart chart %}").render(Context({"chart": chart})), "html.parser"
    )


@pytest.mark.parametrize(
    ("lowest", "highest", "ticks"),
    [
        (0, 0, [0, 1]),
        (0, 1, [0, 1]),
        (0, 3, [0, 1, 2, 3]),
        (0, 7, [0, 2, 4, 6, 8]),
        (0, 4797, [0, 2000, 4000, 6000]),
        (0, 10**12, [0, 5 * 10**11, 10**12]),
        (-150, 400, [-200, 0, 200, 400]),
        (-5, 0, [-6, -4, -2, 0, 2]),
    ],
)
def test_axis_has_round_numbers_that_enclose_all_values(lowest: int, highest: int, ticks: list[int]) -> None:
    assert axis_ticks(lowest, highest) == ticks


def test_chart_names_itself_and_has_each_value_in_a_table() -> None:
    chart = bar_chart("Net sales", [Point("Mar 1", 5995), Point("Mar 2", 0)], shown=lambda cents: f"${cents / 100:.2f}")
    page = drawn(chart)
    [image] = page.select("svg[role=img]")
    named = str(image["aria-labelledby"]).split()
    assert [page.select_one(f"#{one}").name for one in named] == ["title", "desc"]  # type: ignore[union-attr]
    cells = [cell.get_text() for cell in page.select("details td")]
    assert cells == ["$59.95", "$0.00"]
    assert [text.get_text() for text in page.select(".chart-numbers text")] == ["$60", "$40", "$20", "$0"]


def test_period_before_is_a_line_and_a_column_of_its_own() -> None:
    points = [Point("1", 3, before=5), Point("2", 4, before=None)]
    page = drawn(bar_chart("Orders", points, value_name="This month", before_name="Last month"))
    assert len(page.select("line.chart-before")) == 1
    assert len(page.select("rect.chart-bar")) == 2
    heads = [cell.get_text() for cell in page.select("details thead th")]
    assert heads == ["Day", "This month", "Last month"]
    assert [cell.get_text() for cell in page.select("details td")] == ["3", "5", "4", "–"]


def test_negative_value_hangs_below_the_zero_line() -> None:
    [bar] = bar_chart("Net", [Point("Mar 1", -100)]).bars
    zero = next(tick for tick in bar_chart("Net", [Point("Mar 1", -100)]).ticks if tick.is_zero)
    assert bar.y == zero.y
    assert float(bar.height) > 0


def test_chart_without_values_says_so() -> None:
    page = drawn(bar_chart("Net sales", []))
    assert "Nothing in this period." in page.get_text()
    assert not page.select("svg[role=img]")


def test_chart_has_no_inline_style_and_escapes_names() -> None:
    page = str(drawn(bar_chart("<b>Sales</b>", [Point("<script>", 1)])))
    assert "style=" not in page
    assert "<script>" not in page
    assert "<b>" not in page


def test_values_of_many_bars_are_in_the_table_only() -> None:
    page = drawn(bar_chart("Orders", [Point(f"{day}", day) for day in range(31)]))
    assert not page.select(".chart-value")
    assert len(page.select("details tbody tr")) == 31
    assert len(page.select(".chart-names text")) == 5
