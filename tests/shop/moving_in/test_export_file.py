"""Reading an export line by line, whatever a spreadsheet made of it."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from shop.moving_in.export_file import LONGEST_RECORD, ExportFile, FirstLines, Problem, Record, UnreadableFile


def read(path: Path, content: bytes) -> list[Record | Problem]:
    path.write_bytes(content)
    return list(ExportFile(path).records())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "export.csv"


def test_cells_are_read_by_normalized_heading(path: Path) -> None:
    assert read(path, b"Affiliate ID,Amount ($)\n12, 5 \n") == [Record(2, {"affiliate id": "12", "amount": "5"})]


@pytest.mark.parametrize("content", [b"a;b\n1;2\n", b"a\tb\n1\t2\n", b"a,b\r\n1,2\r\n", b"\xef\xbb\xbfa,b\n1,2"])
def test_separators_line_ends_and_byte_order_mark_are_recognized(path: Path, content: bytes) -> None:
    assert read(path, content) == [Record(2, {"a": "1", "b": "2"})]


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_letters_are_the_same_in_both_encodings(path: Path, encoding: str) -> None:
    assert read(path, "name\nZoë Müller\n".encode(encoding)) == [Record(2, {"name": "Zoë Müller"})]


def test_utf_16_is_refused_with_what_to_do(path: Path) -> None:
    path.write_bytes("a,b\n".encode("utf-16"))
    with pytest.raises(UnreadableFile, match="Save it as UTF-8"):
        ExportFile(path)


def test_empty_file_and_doubled_heading_are_refused(path: Path) -> None:
    path.write_bytes(b"")
    with pytest.raises(UnreadableFile, match="no line of headings"):
        ExportFile(path)
    path.write_bytes(b"Email,email\n")
    with pytest.raises(UnreadableFile, match="two columns"):
        ExportFile(path)


def test_cell_with_line_breaks_counts_as_one_record_and_its_lines(path: Path) -> None:
    found = read(path, b'a,b\n"x\ny",1\nz,2\n')
    assert found == [Record(2, {"a": "x\ny", "b": "1"}), Record(4, {"a": "z", "b": "2"})]


def test_record_with_another_number_of_columns_is_a_problem(path: Path) -> None:
    assert read(path, b"a,b\n1\n1,2\n") == [
        Problem(2, "has 1 columns, but there are 2 headings"),
        Record(3, {"a": "1", "b": "2"}),
    ]


def test_cell_of_ten_megabytes_is_one_problem_in_bounded_memory(path: Path) -> None:
    path.write_bytes(b'a,b\n"' + b"x" * 10_000_000 + b'",1\n3,4\n')
    tracemalloc.start()
    found = list(ExportFile(path).records())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [each.line for each in found] == [2, 3]
    assert isinstance(found[0], Problem)
    assert found[1] == Record(3, {"a": "3", "b": "4"})
    assert peak < 4 * LONGEST_RECORD


def test_quotation_mark_that_is_never_closed_is_a_problem_of_its_line(path: Path) -> None:
    found = read(path, b'a,b\n1,2\n3,"4\n5,6\n')
    assert found[0] == Record(2, {"a": "1", "b": "2"})
    assert [(each.line, type(each)) for each in found[1:]] == [(3, Problem)]


def test_null_character_is_a_problem(path: Path) -> None:
    assert read(path, b"a,b\n1\x00,2\n") == [Problem(2, "contains a null character")]


def test_first_line_of_a_value_is_known() -> None:
    with FirstLines() as seen:
        assert seen.earlier("email", "a", line=2) is None
        assert seen.earlier("code", "a", line=3) is None
        assert seen.earlier("email", "a", line=9) == 2
