"""Where Python is cut."""

from swarm_workers.source.cuts import RUN_SIZE_MAX
from swarm_workers.source.file_nodes import decompose, render
from swarm_workers.source.pieces import FileFormat, Piece


def outline(pieces: tuple[Piece, ...], depth: int = 0) -> list[str]:
    lines = []
    for piece in pieces:
        words = [" " * depth + piece.kind, piece.name, repr(piece.lead + "|" + piece.text)]
        lines.append(" ".join(word for word in words if word))
        lines += outline(piece.children, depth + 1)
    return lines


def cut(source: str) -> list[str]:
    return outline(decompose("a.py", source.encode()).pieces)


def test_classes_and_functions_are_opened_and_other_statements_are_whole() -> None:
    source = (
        "import os\n\nclass C:\n    x = 1\n    def f(self):\n        return 2\nif os:\n    y = 3\n"
    )
    assert cut(source) == [
        "statement 'import os\\n'".replace("'import", "'|import"),
        "class C '\\n|class C:\\n'",
        " statement x '|    x = 1\\n'",
        " def f '|    def f(self):\\n'",
        "  statement '|        return 2\\n'",
        "statement '|if os:\\n    y = 3\\n'",
    ]


def test_comments_belong_to_what_stands_below_or_to_the_block_they_end() -> None:
    source = "# top\ndef f():\n    # first\n    pass\n    # last\n\n# g\ndef g(): pass\n# end\n"
    assert cut(source) == [
        "def f '# top\\n|def f():\\n'",
        " statement '    # first\\n|    pass\\n'",
        " tail '|    # last\\n'",
        "def g '\\n# g\\n|def g(): pass\\n'",
        "tail '|# end\\n'",
    ]


def test_decorators_and_headers_of_many_lines_stay_with_their_function() -> None:
    source = "@a\n@b(\n    1\n)\nasync def f(\n    x,\n) -> int:  # why\n    return x\n"
    assert cut(source) == [
        "def f '|@a\\n@b(\\n    1\\n)\\nasync def f(\\n    x,\\n) -> int:  # why\\n'",
        " statement '|    return x\\n'",
    ]


def test_statements_that_share_a_line_are_one_piece() -> None:
    assert cut("a = 1; b = 2\nc = 3\n") == [
        "statement a '|a = 1; b = 2\\n'",
        "statement c '|c = 3\\n'",
    ]


def test_what_does_not_parse_does_not_spoil_its_neighbours() -> None:
    pieces = cut("def f():\n    return 1\n\n)))\n\ndef g():\n    return 2\n")
    assert pieces[0] == "def f '|def f():\\n'"
    assert pieces[-2] == "def g '\\n|def g():\\n'"
    assert any(each.startswith("raw") for each in pieces)


def test_formats_follow_from_name_and_bytes() -> None:
    assert decompose("a.py", b"x = 1\n").format is FileFormat.PYTHON
    assert decompose("a.md", b"# x\n").format is FileFormat.TEXT
    assert decompose("a.md", b"\0").format is FileFormat.BLOB
    assert decompose("a.txt", b"\xe9").format is FileFormat.BLOB
    latin = decompose("a.py", b"# coding: latin-1\nx = '\xe9'\n")
    assert (latin.format, latin.encoding) == (FileFormat.PYTHON, "iso8859-1")


def test_text_is_cut_into_paragraphs() -> None:
    assert outline(decompose("a.md", b"\na\nb\n\n\nc\n\n").pieces) == [
        "chunk '\\n|a\\nb\\n'",
        "chunk '\\n\\n|c\\n'",
        "tail '|\\n'",
    ]


def table(count: int) -> list[str]:
    return [f"    {number * 7919 % 10_007}: 'value {number}',\n" for number in range(count)]


def whole(rows: list[str]) -> bytes:
    return ("TABLE = {\n" + "".join(rows) + "}\nx = 1\n").encode()


def test_a_statement_that_is_too_long_goes_on_in_chunks_beneath_it() -> None:
    nodes = decompose("a.py", whole(table(2_000)))
    assert render(nodes) == whole(table(2_000))
    long, short = nodes.pieces
    assert (long.kind, long.name, short.name) == ("statement", "TABLE", "x")
    assert {each.kind for each in long.children} == {"chunk"}
    assert max(len(each.text) for each in (long, *long.children)) <= RUN_SIZE_MAX


def test_a_row_added_to_a_long_table_changes_the_run_it_is_in_and_no_other() -> None:
    before = decompose("a.py", whole(table(2_000))).pieces[0]
    rows = table(2_000)
    rows.insert(3, "    -1: 'new',\n")
    after = decompose("a.py", whole(rows)).pieces[0]
    changed = {each.text for each in after.children} ^ {each.text for each in before.children}
    assert len(before.children) > 20
    assert len(changed) <= 4


def test_a_long_comment_does_not_make_a_long_lead() -> None:
    source = "# some words of a licence\n" * 1_000 + "x = 1\n"
    pieces = decompose("a.py", source.encode()).pieces
    assert pieces[-1].text == "x = 1\n"
    assert max(len(each.lead + each.text) for each in pieces) <= 2 * RUN_SIZE_MAX
    assert "".join(each.lead + each.text for each in pieces) == source


def test_a_long_paragraph_is_cut_where_its_lines_say_so() -> None:
    rows = [f"{number * 7919 % 10_007},{number}\n" for number in range(3_000)]
    before = decompose("a.csv", "".join(rows).encode()).pieces
    after = decompose("a.csv", "".join(["head\n", *rows]).encode()).pieces
    changed = {each.text for each in before} ^ {each.text for each in after}
    assert len(before) > 40
    assert len(changed) <= 4
