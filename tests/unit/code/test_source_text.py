"""Source as text and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarm_workers.problems.code.source_text import apply_edits, decode, edited_files, encode
from swarm_workers.protocols import Edit, TreeFile


@pytest.mark.parametrize(
    "data",
    [
        b"x = 1\r\ny = 2\r\n",
        "# -*- coding: latin-1 -*-\nname = 'é'\n".encode("latin-1"),
        b"\xef\xbb\xbfx = 1\n",
        b"x = 1",
        b"",
        b"a\rb\x0cc\n",
    ],
)
def test_text_comes_back_byte_for_byte(data):
    text = decode(data)
    assert text is not None
    assert encode(text, data) == data


@given(st.binary())
def test_whatever_is_decoded_comes_back_byte_for_byte(data):
    text = decode(data)
    assert text is None or encode(text, data) == data


def test_a_file_whose_cookie_names_no_encoding_is_left_alone():
    assert decode(b"# coding: klingon\n") is None


def test_edits_are_counted_on_the_text_as_given():
    edits = [Edit("a.py", 0, 1, "yy"), Edit("a.py", 4, 5, "22")]
    assert apply_edits("x = 1\n", edits) == "yy = 22\n"


def test_an_edited_file_keeps_its_encoding_and_its_executable_bit():
    data = "# coding: latin-1\nx = 'é' < 1\n".encode("latin-1")
    tree = {"a.py": TreeFile(data, is_executable=True)}
    text = decode(data)
    start = text.index("<")
    changed = edited_files(tree, {"a.py": text}, [Edit("a.py", start, start + 1, "<=")])
    assert changed["a.py"].data == data.replace(b"<", b"<=")
    assert changed["a.py"].is_executable
