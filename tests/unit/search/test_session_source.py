"""What the session inside the sandbox does with source: plain functions, tested outside of it."""

import importlib.util
import textwrap
from pathlib import Path

import pytest

from swarm_workers.sandbox.inside.session_live import LiveFunctions, Paths
from swarm_workers.sandbox.inside.session_source import (
    Module,
    RejectedError,
    apply_edits,
    compile_quietly,
    decode,
    digest,
    function_code,
    nested_codes,
)

SOURCE = textwrap.dedent(
    '''
    from __future__ import annotations


    class Outer:
        """Say something."""

        class Inner:
            @property
            def name(self) -> Missing:
                return self.__name


    if True:
        def plain(x, y=1):
            def nested():
                return x
            return nested
    '''
)


def code_at(code: object, *names: str) -> object:
    for name in names:
        (code,) = [inner for inner in nested_codes(code) if inner.co_name == name]
    return code


@pytest.mark.parametrize(
    ("fragment", "path"),
    [("return self.__name", ("Outer", "Inner", "name")), ("return nested", ("plain",))],
)
def test_function_compiled_alone_is_the_code_that_the_whole_file_gives(
    fragment: str, path: tuple[str, ...]
) -> None:
    module = Module("a.py", SOURCE)
    start = SOURCE.index(fragment)
    unit = module.unit_of([("a.py", start, start, "")])
    assert unit is not None
    alone = function_code(module.compile_unit(unit), unit)
    whole = code_at(compile_quietly(SOURCE, "a.py", 0), *path)
    assert alone == whole
    assert alone.co_firstlineno == whole.co_firstlineno
    assert list(alone.co_lines()) == list(whole.co_lines())
    assert alone.co_qualname == whole.co_qualname


@pytest.mark.parametrize("fragment", ["y=1", "@property", '"""Say', "-> Missing", "class Inner"])
def test_edit_outside_of_bodies_belongs_to_no_unit(fragment: str) -> None:
    start = SOURCE.index(fragment)
    assert Module("a.py", SOURCE).unit_of([("a.py", start, start + 1, "")]) is None


def test_edits_are_applied_from_the_end_so_that_offsets_hold() -> None:
    edits = [("a", 0, 1, "xx"), ("a", 2, 2, "-"), ("a", 2, 3, "")]
    assert apply_edits("abc", edits) == "xxb-"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"# coding: latin-1\r\n\xe4", "# coding: latin-1\r\nä"),
        (b"\xef\xbb\xbfx\n", "x\n"),
        ("ä\r".encode(), "ä\r"),
    ],
)
def test_text_is_decoded_as_the_interpreter_would_with_line_ends_kept(
    data: bytes, text: str
) -> None:
    assert decode(data)[0] == text


def test_digest_tells_equal_constants_of_different_types_apart() -> None:
    texts = [
        "x = 1",
        "x = True",
        "x = 1.0",
        "x = 0.0",
        "x = -0.0",
        "x = {1}",
        "x = 'a'",
        "x = b'a'",
    ]
    digests = {digest(compile_quietly(text, "a.py", 0)) for text in texts}
    assert len(digests) == len(texts)


def test_digest_does_not_depend_on_place_or_form() -> None:
    plain, formed = (
        "def f(x):\n    return x + 1\n",
        "\n\ndef f(x):\n    # why\n    return (x +\n 1)\n",
    )
    assert digest(compile_quietly(plain, "a", 0)) == digest(compile_quietly(formed, "b", 0))


@pytest.mark.parametrize("text", ["def (", "\0", "x = " + "(" * 500, "return", "'\ud800'.x ="])
def test_text_that_does_not_compile_is_rejected(text: str) -> None:
    with pytest.raises(RejectedError):
        compile_quietly(text, "a.py", 0)


def test_function_that_calls_a_method_of_an_imported_name_can_be_swapped(tmp_path: Path) -> None:
    # The compiler gives such a call other instructions where it sees the import.
    source = "from datetime import date\n\n\ndef day(text):\n    return date.fromisoformat(text)\n"
    path = tmp_path / "days.py"
    path.write_text(source)
    spec = importlib.util.spec_from_file_location("days", path)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    module = Module(str(path), source)
    end = source.index("(text)\n", 50)
    unit = module.unit_of([("days.py", end, end, "")])
    old = function_code(module.compile_unit(unit), unit)
    new = function_code(module.compile_unit(unit, [("days.py", end, end, ".strftime")]), unit)
    swaps = LiveFunctions(Paths(str(tmp_path)), set()).plan("days.py", old, new)
    assert [swap.function for swap in swaps] == [loaded.day]
