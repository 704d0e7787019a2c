"""Where Python is cut."""

from swarm_workers.source.file_nodes import decompose
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
