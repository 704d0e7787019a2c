"""`render(decompose(x)) == x`, whatever `x` is."""

import random
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from swarm_workers.source.file_nodes import decompose, render
from swarm_workers.source.pieces import FileFormat, Piece

NAMES = st.sampled_from(["a.py", "b.pyi", "c.txt", "d"])
CODE = ["def f(a):", "class C(B):", "@d", "async def g():", "if x:", "else:", "try:", "x = 1"]
MORE_CODE = ["except E as e:", "with a as b:", "return", "lambda", "match y:", "case 1:", "pass"]
SIGNS = ["'''", '"', "'", '"""', "#", "\\", "(", ")", "[", "]", "{", "}", ";", ":", "f'{a}'"]
SPACE = ["\n", "\r\n", "\r", "    ", "\t", "\f", "\x1c", "\u2028", "\u00e9", "\ufeff", "\0"]
COOKIES = ["# coding: latin-1", "# -*- coding: utf-16 -*-", "# coding: cp1252"]
FRAGMENTS = st.sampled_from([*CODE, *MORE_CODE, *SIGNS, *SPACE, *COOKIES])
KINDS_OF_TROUBLE = {
    "empty": b"",
    "one blank line": b"\n",
    "only white space": b"   \t \n  ",
    "CR LF": b"def f():\r\n    return 1\r\n",
    "mixed line ends": b"x = 1\r\ny = 2\nz = 3\rw = 4",
    "lone CR": b"def f():\r    return 1\r\rx = 2\r",
    "no final newline": b"class C:\n    x = 1",
    "form feed": b"import os\n\x0c\ndef f():\n\x0c    pass\n",
    "tabs": b"def f():\n\tif x:\n\t\treturn 1\n        return 2\n",
    "BOM": b"\xef\xbb\xbfx = 1\n",
    "BOM alone": b"\xef\xbb\xbf",
    "two BOMs": b"\xef\xbb\xbf\xef\xbb\xbfx = 1\n",
    "BOM and cookie": b"\xef\xbb\xbf# coding: latin-1\nx = '\xc3\xa9'\n",
    "latin-1 cookie": b"# -*- coding: latin-1 -*-\nx = '\xe9\xff'\n",
    "cookie in line two": b"#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\nx = '\x93'\n",
    "cookie in line three": b"\n\n# coding: latin-1\nx = '\xe9'\n",
    "cp1252 with a hole": b"# coding: cp1252\nx = '\x81'\n",
    "UTF-16": "x = 1\n".encode("utf-16"),
    "UTF-7 cookie": b"# coding: utf-7\nx = '+AOk-'\n",
    "unknown cookie": b"# coding: no-such-thing\nx = 1\n",
    "cookie that is no charset": b"# coding: rot13\nk = 1\n",
    "cookie that is slow": b"# coding: idna\nx = 1\n",
    "shift JIS": "# coding: shift_jis\nx = '\u65e5\u672c'\n".encode("shift_jis"),
    "NUL": b"x = 1\0\n",
    "NUL in a string": b"x = 'a\0b'\ndef f(): pass\n",
    "bytes of no encoding": b"x = 1\n\xff\xfe\n",
    "semicolons": b"x = 1; y = 2; def f(): pass\nclass A: pass; x = 1\n",
    "backslash newline": b"x = 1 + \\\n    2\nassert x, \\\n'y'\n",
    "backslash at the end": b"x = 1 \\",
    "comments between decorators": b"@a\n# why\n\n@b\n# and\ndef f(): pass\n",
    "comment ends a block": b"def f():\n    x = 1\n    # end of f\n\n# start of g\ndef g(): pass\n",
    "comment before a body": b"class C:  # c\n    # first\n\n    x = 1\n",
    "body on the header's line": b"class C: x = 1\ndef f(): return 1\nif x: y\nelse: z\n",
    "header over lines": b"def f(\n    a,\n    b,\n) -> (\n    int\n):\n    return 1\n",
    "doc strings": b'"""a\n\ndef x(): pass\n"""\ndef f():\n    """b\n# no comment\n"""\n',
    "Python 2": b"print 'x'\nexec 'y'\nraise E, 'z'\n",
    "newer syntax": b"type X[T] = list[T]\ndef f[T](x: T): ...\nmatch x:\n    case [1, *_]: pass\n",
    "syntax errors": b"def f(:\n  ]]\n   class\nx = = 1\n\treturn\n'''",
    "unclosed bracket": b"x = (1,\ndef f():\n    pass\nclass C:\n    y = [\n",
    "indented from the start": b"    x = 1\n    y = 2\nz = 3\n",
    "deeply nested": b"".join(b" " * n + b"class C:\n" for n in range(90)) + b" " * 90 + b"x = 1\n",
    "many brackets": b"x = " + b"(" * 3000 + b")" * 3000 + b"\n",
}


@pytest.mark.parametrize("trouble", KINDS_OF_TROUBLE)
@pytest.mark.parametrize("name", ["a.py", "a.txt"])
def test_trouble_of_a_known_kind_comes_back(name: str, trouble: str) -> None:
    data = KINDS_OF_TROUBLE[trouble]
    assert render(decompose(name, data)) == data


@settings(max_examples=400)
@given(NAMES, st.binary(max_size=300))
def test_any_bytes_come_back(name: str, data: bytes) -> None:
    assert render(decompose(name, data)) == data


@settings(max_examples=600)
@given(NAMES, st.lists(FRAGMENTS, max_size=40))
@example("a.py", ["\ufeff", "# coding: latin-1", "\n", "\u00e9"])
def test_anything_that_resembles_python_comes_back(name: str, fragments: list[str]) -> None:
    for encoding in ("utf-8", "utf-16", "cp1252"):
        data = "".join(fragments).encode(encoding, errors="replace")
        assert render(decompose(name, data)) == data


def test_random_damage_to_real_files_comes_back() -> None:
    chance = random.Random(20)
    files = [path.read_bytes()[:4000] for path in stdlib_files(40)]
    for _ in range(1_500):
        data = damaged(chance, chance.choice(files))
        assert render(decompose("a.py", data)) == data


def test_real_files_come_back_and_are_taken_apart() -> None:
    assert come_back(stdlib_files(300)) > 10_000


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_the_whole_standard_library_and_much_damage_come_back() -> None:
    files = stdlib_files(None)
    assert come_back(files) > 100_000
    chance = random.Random(21)
    for _ in range(6_000):
        data = damaged(chance, chance.choice(files).read_bytes()[:20_000])
        assert render(decompose("a.py", data)) == data


def test_a_huge_line_is_carried_untouched() -> None:
    data = b"x" * 50_000_000
    nodes = decompose("a.py", data)
    assert nodes.format is FileFormat.BLOB
    assert render(nodes) == data


def stdlib_files(count: int | None) -> list[Path]:
    root = Path(sysconfig.get_paths()["stdlib"])
    files = [path for path in sorted(root.rglob("*.py")) if "site-packages" not in path.parts]
    random.Random(19).shuffle(files)
    return files[:count]


def come_back(files: list[Path]) -> int:
    """Check each file; return the number of pieces."""
    count = 0
    for path in files:
        data = path.read_bytes()
        nodes = decompose(path.name, data)
        assert render(nodes) == data, path
        count += sum(1 for _ in pieces_in(nodes.pieces))
    return count


def pieces_in(pieces: tuple[Piece, ...]) -> Iterator[Piece]:
    for piece in pieces:
        yield piece
        yield from pieces_in(piece.children)


def damaged(chance: random.Random, data: bytes) -> bytes:
    damaged = bytearray(data)
    for _ in range(chance.randrange(1, 6)):
        at = chance.randrange(len(damaged) + 1)
        noise = chance.choices(b"\r\n\"'()[]{}:\\\t #\x0c\x00\xff;", k=chance.randrange(4))
        damaged[at : at + chance.randrange(4)] = bytes(noise)
    return bytes(damaged)
