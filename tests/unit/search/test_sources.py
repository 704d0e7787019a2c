import ast

import pytest

from swarm_workers.agents.search.sources import SourceFile, is_composite


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_span_counts_characters_whatever_the_line_ends(line_end: str) -> None:
    text = line_end.join(["# ä €", "ü = 1", 'x = "\x0c" + ü + 22', ""])
    file = SourceFile("a.py", text)
    found = {file.source_of(node) for node in ast.walk(file.tree) if isinstance(node, ast.expr)}
    assert {"ü", "1", "22", '"\x0c" + ü', '"\x0c" + ü + 22'} <= found


def test_parentheses_around_an_expression_are_not_part_of_it() -> None:
    file = SourceFile("a.py", "(a + b) * c")
    product = file.tree.body[0].value
    assert file.source_of(product.left) == "a + b"


def test_line_of_an_offset_counts_from_one() -> None:
    file = SourceFile("a.py", "a\nb\n\nc")
    assert [file.line_of(offset) for offset in (0, 1, 2, 4, 5)] == [1, 1, 2, 3, 4]


def test_statement_behind_another_on_its_line_has_no_indentation() -> None:
    file = SourceFile("a.py", "if a:\n    b; c\n")
    first, second = file.tree.body[0].body
    assert file.indentation(first) == "    "
    assert file.indentation(second) is None


@pytest.mark.parametrize("text", ["a + b", "not a", "a if b else c", "a and b", "a < b", "-a"])
def test_text_that_would_fall_apart_beside_an_operator_is_composite(text: str) -> None:
    assert is_composite(text)


@pytest.mark.parametrize("text", ["a", "f(a + b)", "a.b[c]", "(a + b)", "[a, b]", "'a + b'"])
def test_text_that_holds_together_is_not_composite(text: str) -> None:
    assert not is_composite(text)
