"""The fast way through delimited text gives the same rows, lines and reasons as the careful way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.ingest.readers import delimited
from core.ingest.readers.plain_lines import is_plain
from core.ingest.readers.source import row_batches


def both_ways(file, columns: list[str], rows: int):
    shape = delimited.inspect(file, False)
    careful = list(row_batches(shape.rows(), shape.columns, columns, rows))
    fast = list(delimited.open_delimited(file, False).batches(columns, rows))
    return [[row for batch in way for row in batch.to_pylist()] for way in (careful, fast)], fast


@pytest.mark.parametrize(
    "text",
    [
        "a,b\n1,2\n3,4\n",
        "a,b\r\n1,2\r\n3,4",
        "\ufeffa;b\n1;é\n;\n3;4\n",
        "report of May\n\na,b,c\n1,2,3\n,,\n4,5,6\n",
        "a,b\n1,2\n1,2,3\n4,5\n",
        "a,b\n1,2\n\n\n4,5\n\n",
        "a,b\n1\n4,5\n",
        "a,b\n1,2,\n4,5\n",
        "a\n1\n\n2\n",
    ],
)
def test_rows_lines_and_reasons_are_the_same(tmp_path, text):
    file = tmp_path / "a.csv"
    file.write_bytes(text.encode())
    shape = delimited.inspect(file, False)
    (careful, fast), _ = both_ways(file, shape.columns[:2], 2)
    assert careful == fast and is_plain(file, "utf-8")


def test_a_batch_has_no_more_rows_than_are_asked_for(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("a,b\n" + "1,2\n" * 1000)
    (careful, fast), batches = both_ways(file, ["b"], 300)
    assert careful == fast and [len(batch) for batch in batches] == [300, 300, 300, 100]


@pytest.mark.parametrize("content", [b'a,b\n"1",2\n', b"a,b\n1\x00,2\n"])
def test_quotes_and_zeros_take_the_careful_way(tmp_path, content):
    file = tmp_path / "a.csv"
    file.write_bytes(content)
    assert not is_plain(file, "utf-8") and not is_plain(file, "cp1252")


def test_bytes_that_are_no_utf8_go_on_in_the_careful_way(tmp_path):
    file = tmp_path / "a.csv"
    file.write_bytes(b"a,b\n" + b"1,\xc3\xa9\n" * 200 + b"1,\xe9\n2,3\n")
    (careful, fast), _ = both_ways(file, ["a", "b"], 50)
    assert careful == fast and len(fast) == 202


@given(
    st.lists(
        st.lists(st.text(st.characters(codec="utf-8", exclude_characters='"\0\n\r,'), max_size=3), min_size=1, max_size=4),
        min_size=2,
        max_size=12,
    )
)
def test_any_lines_without_quotes_are_read_the_same_way(tmp_path_factory, lines):
    file = tmp_path_factory.mktemp("any") / "a.csv"
    file.write_bytes(("alpha,beta\n" + "\n".join(",".join(cells) for cells in lines) + "\n").encode())
    shape = delimited.inspect(file, False)
    (careful, fast), _ = both_ways(file, shape.columns, 5)
    assert careful == fast
