import ast
import subprocess
import sys
import textwrap
from collections.abc import Mapping

import pytest

from swarm_workers.agents.search.agent import ranked_candidates, unparsable
from swarm_workers.protocols import EditCandidate

SOURCE = textwrap.dedent(
    """
    LIMIT = 3


    def total(items, *, start=0):
        # Keep this comment.
        result = start
        for item in items:
            if item > LIMIT and item != start:
                result = (result +
                          item)
        return result


    def untouched(x):
        return x
    """
)
BODY = dict.fromkeys(range(7, 13), 1.0)


def apply(text: str, candidate: EditCandidate) -> str:
    (edit,) = candidate.edits
    return text[: edit.start] + edit.text + text[edit.end :]


def ranked(suspicion: Mapping[int, float], seed: int = 1, **options: int) -> list[EditCandidate]:
    return ranked_candidates({"a.py": SOURCE}, {"a.py": suspicion}, seed=seed, **options)


def edited(suspicion: Mapping[int, float]) -> set[str]:
    return {apply(SOURCE, candidate) for candidate in ranked(suspicion)}


def test_same_seed_gives_the_same_order_in_every_process() -> None:
    program = (
        "import sys, hashlib; from swarm_workers.agents.search.agent import ranked_candidates;"
        "text = sys.stdin.read();"
        "lines = dict.fromkeys(range(7, 13), 1.0);"
        "found = ranked_candidates({'a.py': text}, {'a.py': lines}, seed=1);"
        "print(hashlib.sha256(repr(found).encode()).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", program],
            input=SOURCE,
            env={"PYTHONHASHSEED": hash_seed},
            text=True,
            check=True,
            capture_output=True,
        ).stdout
        for hash_seed in ("1", "2")
    }
    assert len(digests) == 1


def test_seed_decides_only_among_equals() -> None:
    first, second = ranked(BODY, seed=1), ranked(BODY, seed=2)
    assert first != second
    assert set(first) == set(second)


def test_no_edit_is_proposed_twice_and_none_changes_nothing() -> None:
    texts = [apply(SOURCE, candidate) for candidate in ranked(BODY)]
    assert len(texts) == len({c.edits for c in ranked(BODY)})
    assert SOURCE not in texts


def test_more_suspicious_statement_comes_first_among_edits_of_one_kind() -> None:
    found = ranked({7: 0.2, 12: 1.0})
    lines = [c.line for c in found if c.operator == "variable"]
    assert lines.index(12) < lines.index(7)


def test_limit_cuts_the_end_of_the_list() -> None:
    assert ranked(BODY, limit=10) == ranked(BODY)[:10]


def test_statement_of_several_lines_is_as_suspicious_as_its_worst_line() -> None:
    assert SOURCE.replace("(result +", "(result -") in edited({11: 1.0})


def test_only_suspicious_statements_and_what_they_read_are_edited() -> None:
    assert not any("return x" not in text for text in edited(BODY))


def test_constant_and_default_take_suspicion_from_those_who_use_them() -> None:
    found = edited({9: 1.0, 12: 1.0})
    assert SOURCE.replace("LIMIT = 3", "LIMIT = 4") in found
    assert SOURCE.replace("start=0", "start=1") in found


def test_what_a_suspicious_head_holds_is_edited_even_if_it_did_not_run() -> None:
    assert SOURCE.replace("return result", "return start") in edited({12: 1.0})
    assert any("item != start or" in text or "pass" in text for text in edited({8: 1.0}))


def test_comments_and_formatting_survive_every_edit() -> None:
    assert all("# Keep this comment." in text for text in edited(BODY))


def test_nearly_all_candidates_compile() -> None:
    texts = edited(BODY)
    broken = 0
    for text in texts:
        try:
            ast.parse(text)
        except SyntaxError:
            broken += 1
    assert broken <= 0.03 * len(texts)


def test_file_that_does_not_parse_is_left_out_and_named() -> None:
    sources = {"bad.py": "def (:", "null.py": "\0", "good.py": "def f(x):\n    return x\n"}
    suspicion = {path: {1: 1.0, 2: 1.0} for path in (*sources, "missing.py")}
    found = ranked_candidates(sources, suspicion, seed=1)
    assert {candidate.edits[0].path for candidate in found} == {"good.py"}
    assert unparsable(sources) == ["bad.py", "null.py"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("if x:", "if x is not None:"),
        ("return x < y", "return x <= y"),
        ("for i in range(x):", "for i in range(x + 1):"),
        ("for i in range(x):", "for i in range(1, x):"),
        ("return x.get(y)", "return x.get(y, 0)"),
        ("return x[y]", "return x.get(y)"),
        ("return x[1:]", "return x[2:]"),
        ("return x[0]", "return x[-1]"),
        ("return x == y", "return x in y"),
        ("return f(x, y)", "return f(y, x)"),
        ("return int(x)", "return round(x)"),
        ("return x", "return x.copy()"),
        ("return x", "return sorted(x)"),
        ("return x - y", "return abs(x - y)"),
        ("return any(x)", "return all(x)"),
        ("f(x)", "return f(x)"),
        ("if x and y:", "if x or y:"),
        ("if x and y:", "if x:"),
        ("if x and y:", "if x and not y:"),
        ("if not x:", "if x is None:"),
        ("if x:", "if x and y:"),
        ("return sorted(x)", "return sorted(x, reverse=True)"),
        ("return sorted(x)", "return sorted(x, key=len)"),
        ("x = y", "x += y"),
        ("x += y", "x -= y"),
        ("x += y", "x = y"),
        ("return isinstance(x, str)", "return isinstance(x, (str, bytes))"),
        ("raise ValueError(x)", "raise TypeError(x)"),
        ("return x + y * 2", "return (x + y) * 2"),
        ("return x, y", "return y, x"),
        ("return True", "return False"),
        ("return x or None", "return x"),
        ("return x % 2", "return x // 2"),
        ("return x.strip()", "return x.rstrip()"),
        ("return x.split()", 'return x.split(",")'),
        ('return re.sub(r"\\s+", "", x)', 'return re.sub(r"\\s*", "", x)'),
        ('return re.match(r"a.b", x)', 'return re.match(r"a\\.b", x)'),
        ('return re.match("ab", x)', 'return re.match("ab$", x)'),
        ('return "a, b"', 'return "a,b"'),
        ("return x[y][0]", "return x[0][y]"),
        ("return x is y", "return x == y"),
        ("continue", "break"),
        ("yield x", "yield from x"),
        ("return min(x, y)", "return max(x, y)"),
        ("return x if y else None", "return None if y else x"),
    ],
)
def test_fix_is_among_the_candidates(before: str, after: str) -> None:
    function = "import re\n\n\ndef f(x, y):\n    for _ in x:\n        {}\n"
    line_before = before + (" pass" if before.endswith(":") else "")
    line_after = after + (" pass" if after.endswith(":") else "")
    source = function.format(line_before)
    found = ranked_candidates({"a.py": source}, {"a.py": {6: 1.0}}, seed=1)
    trees = {text for candidate in found if (text := normal(apply(source, candidate)))}
    assert normal(function.format(line_after)) in trees


def normal(text: str) -> str:
    try:
        return ast.unparse(ast.parse(text))
    except SyntaxError:
        return ""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("except KeyError:", "except (KeyError, ValueError):"),
        ("except KeyError:", "except Exception:"),
    ],
)
def test_caught_exception_is_among_the_candidates(before: str, after: str) -> None:
    function = "def f(x):\n    try:\n        return x[0]\n    {}\n        return None\n"
    source = function.format(before)
    found = ranked_candidates({"a.py": source}, {"a.py": {3: 1.0}}, seed=1)
    assert function.format(after) in {apply(source, candidate) for candidate in found}
