"""Questions about live code: what stands where, who uses it, how it came about."""

import pytest
from sqlalchemy import event, text

from orchestrator.errors import UsageError
from orchestrator.queries.callers import callers
from orchestrator.queries.code import show
from orchestrator.queries.history import history
from orchestrator.queries.lineage import lineage
from tasks_schema.kinds import EdgeKind
from tests.integration.queries.conftest import AUTH, Past

EVERY = frozenset(EdgeKind)


def used_by(past: Past, path: str, *kinds: EdgeKind, landing: int | None = None) -> list[str]:
    rows = callers(past.engine, past.branch, landing, path, frozenset(kinds or EVERY))
    return [f"{row.kind} {row.path}:{','.join(map(str, row.lines))}" for row in rows]


@pytest.mark.parametrize(
    ("path", "kind", "lines", "begins"),
    [
        ("pkg.auth", "file", (1, 19), '"""Auth."""\n'),
        ("pkg.auth.check", "def", (5, 9), "\n\ndef check(token):\n"),
        ("pkg.auth.Session.renew", "def", (15, 16), "\n    def renew(self):\n"),
        ("pkg.auth.LIMIT", "statement", (2, 2), "LIMIT = 3\n"),
        ("src/pkg/auth.py", "file", (1, 19), '"""Auth."""\n'),
        ("README.md", "file", (1, 3), "# pkg\n"),
    ],
)
def test_a_dotted_path_shows_the_code_that_stands_there(
    past: Past, path: str, kind: str, lines: tuple[int, int], begins: str
) -> None:
    (row,) = show(past.engine, past.branch, None, path)
    assert (row.kind, (row.first_line, row.last_line)) == (kind, lines)
    assert row.text.startswith(begins)


def test_the_whole_text_of_a_class_is_shown_with_what_is_in_it(past: Past) -> None:
    (row,) = show(past.engine, past.branch, None, "pkg.auth.Session")
    assert row.text == AUTH[AUTH.index("\n\nclass") :]
    assert [each.path for each in row.inside] == [
        "pkg.auth.Session.renew",
        "pkg.auth.Session.end",
    ]


def test_a_package_shows_its_files(past: Past) -> None:
    (row,) = show(past.engine, past.branch, None, "pkg")
    assert [(each.path, each.file) for each in row.inside] == [
        ("pkg", "src/pkg/__init__.py"),
        ("pkg.auth", "src/pkg/auth.py"),
        ("pkg.user", "src/pkg/user.py"),
    ]


def test_older_landings_are_shown_as_they_were(past: Past) -> None:
    past.land(past.edit("src/pkg/auth.py", "LIMIT = 3", "LIMIT = 4"))
    assert show(past.engine, past.branch, 0, "pkg.auth.LIMIT")[0].text == "LIMIT = 3\n"
    assert show(past.engine, past.branch, None, "pkg.auth.LIMIT")[0].text == "LIMIT = 4\n"


@pytest.mark.parametrize(
    ("path", "near"),
    [
        ("pkg.auth.chekc", "'pkg.auth.check'"),
        ("auth.check", "'pkg.auth.check'"),
        ("pkg.oauth", "'pkg.auth'"),
        ("renew", "'pkg.auth.Session.renew'"),
        ("xyz", "there is other, pkg"),
    ],
)
@pytest.mark.parametrize("query", [show, history, lineage])
def test_a_path_that_means_nothing_offers_near_names(
    past: Past, query: object, path: str, near: str
) -> None:
    assert callable(query)
    with pytest.raises(UsageError, match=f"there is no '{path}' at landing 0") as caught:
        query(past.engine, past.branch, None, path)
    assert near in str(caught.value)


def test_callers_are_found_across_modules_with_the_lines_of_their_calls(past: Past) -> None:
    assert used_by(past, "pkg.auth.check", EdgeKind.CALLS) == [
        "calls other:",
        "calls pkg.auth.Session.renew:16",
        "calls pkg.user.login:5,7",
    ]
    assert used_by(past, "pkg.auth.Session.renew") == [
        "calls pkg.auth.Session.end:19",
        "calls pkg.user.login:6",
    ]
    assert "inherits pkg.user.Admin:10" in used_by(past, "pkg.auth.Session")
    assert "imports pkg.user:1" in used_by(past, "pkg.auth")
    assert used_by(past, "pkg.user.Admin") == []


def test_callers_follow_the_code_from_landing_to_landing(past: Past) -> None:
    past.land(past.edit("src/pkg/user.py", 'check("x")', "True"))
    past.land(past.edit("src/pkg/user.py", '    return check("y")\n', ""))
    past.land({"src/third.py": "import pkg.auth\n\ndef third():\n    pkg.auth.check(0)\n"})
    past.land(past.edit("src/pkg/auth.py", "def check", "def verify"))
    found = {
        number: used_by(past, "pkg.auth.check", EdgeKind.CALLS, landing=number)
        for number in range(4)
    }
    assert [("calls pkg.user.login:" in "".join(each)) for each in found.values()] == [
        True,
        True,
        False,
        False,
    ]
    assert "calls third.third:4" in found[3]
    assert used_by(past, "pkg.auth.verify") == []


@pytest.mark.parametrize("is_fork", [False, True])
def test_history_has_the_landings_that_changed_a_function_and_no_others(
    past: Past, *, is_fork: bool
) -> None:
    if is_fork:
        past.fork()
    past.land(past.edit("src/pkg/auth.py", '"a"', '"b"'), "replaced 'a' by 'b'")
    past.land(past.edit("src/pkg/user.py", '"y"', '"n"'), "not here")
    past.land(past.edit("src/pkg/auth.py", "    if not token:\n        return False\n", ""), "cut")
    past.land(past.edit("src/pkg/auth.py", "LIMIT = 3", "LIMIT = 4"), "not here either")
    rows = history(past.engine, past.branch, None, "pkg.auth.check")
    assert [(row.landing, row.note) for row in rows] == [
        (0, "import"),
        (1, "replaced 'a' by 'b'"),
        (3, "cut"),
    ]
    assert (rows[1].swarm_id, rows[1].agent_id, rows[1].turn) == ("mend-1", "search-0001", 0)
    assert '-    return token == "a"\n+    return token == "b"' in rows[1].diff
    assert "-    if not token:\n-        return False" in rows[2].diff
    assert [row.landing for row in history(past.engine, past.branch, 1, "pkg.auth.check")] == [0, 1]


def test_history_goes_back_through_moves_renames_and_forks(past: Past) -> None:
    past.land(past.edit("src/pkg/auth.py", '"a"', '"b"'), "first")
    origin = past.fork()
    past.land({"src/pkg/auth.py": None, "src/pkg/door.py": past.sources["src/pkg/auth.py"]})
    past.land(past.edit("src/pkg/door.py", "def check", "def verify"), "renamed")
    fork = past.fork()
    past.land(past.edit("src/pkg/door.py", '"b"', '"c"'), "of the inner alone")
    rows = history(past.engine, past.branch, None, "pkg.door.verify")
    names = {origin: "origin", fork: "fork", past.branch: "own"}
    assert [(names[row.branch], row.landing, row.note) for row in rows] == [
        ("origin", 0, "import"),
        ("origin", 1, "first"),
        ("fork", 2, "renamed"),
        ("own", 1, "of the inner alone"),
    ]


def test_what_a_fork_moved_to_another_file_is_gone_from_where_it_was(past: Past) -> None:
    past.fork()
    past.land({"src/pkg/door.py": "DOOR = 1\n"})
    past.fork()
    (check,) = show(past.engine, past.branch, None, "pkg.auth.check")
    (door,) = show(past.engine, past.branch, None, "pkg.door")
    past.move(check.node_id, door.node_id, "moved")
    past.land(past.edit("src/pkg/auth.py", "LIMIT = 3", "LIMIT = 4"), "of the rest")
    rows = history(past.engine, past.branch, None, "pkg.auth")
    assert [row.note for row in rows] == ["import", "moved", "of the rest"]
    assert "-def check(token):" in rows[1].diff
    assert "check(token)" not in rows[2].diff
    rows = history(past.engine, past.branch, None, "pkg.door.check")
    assert [row.note for row in rows] == ["import"], "its text stayed as it was"


def test_lineage_tells_how_a_function_came_from_failing_to_passing(past: Past) -> None:
    past.measure("test_a", "test_b", "test_elsewhere")
    past.refuse(past.edit("src/pkg/auth.py", '"a"', '"c"'), "test_b turned red")
    past.refuse(
        past.edit("src/pkg/auth.py", "if not", "print(token)\n    if not"), "no test mended"
    )
    past.refuse(past.edit("src/pkg/user.py", '"y"', '"c"'), "not about it")
    past.land(past.edit("src/pkg/auth.py", '"a"', '"b"'), "replaced 'a' by 'b'")
    past.measure("test_b", "test_elsewhere")
    past.land(past.edit("src/pkg/user.py", '"y"', '"n"'), "not here")
    past.measure("test_b", "test_elsewhere")
    past.land(past.edit("src/pkg/auth.py", "not token", "token is None"), "last")
    past.measure("test_elsewhere")
    rows = lineage(past.engine, past.branch, None, "pkg.auth.check")
    assert [(row.event, row.landing, row.status, row.reason) for row in rows] == [
        ("imported", 0, "failing", "import"),
        ("refused", None, "failing", "test_b turned red"),
        ("refused", None, "failing", "no test mended"),
        ("landed", 1, "failing", "replaced 'a' by 'b'"),
        ("landed", 3, "passing", "last"),
    ]
    assert [row.turned_green for row in rows] == [(), (), (), ("test_a",), ("test_b",)]
    assert [row.red for row in rows] == [3, None, None, 2, 1]
    assert {row.swarm_id for row in rows[1:]} == {"mend-1"}


def test_what_was_measured_right_after_a_fork_tells_of_the_code_as_it_was(past: Past) -> None:
    past.branch = past.store.fork(past.branch, 0)
    past.measure("test_a")
    past.land(past.edit("src/pkg/auth.py", '"a"', '"b"'), "mended")
    past.measure()
    rows = lineage(past.engine, past.branch, None, "pkg.auth.check")
    assert [(row.event, row.status, row.red) for row in rows] == [
        ("imported", "failing", 1),
        ("landed", "passing", 0),
    ]


def test_what_landed_in_one_batch_turned_green_what_the_batch_did(past: Past) -> None:
    past.measure("test_a", "test_b")
    past.fork()
    past.land(past.edit("src/pkg/auth.py", '"a"', '"b"'), "first of two")
    past.land(past.edit("src/pkg/auth.py", "not token", "token is None"), "second of two")
    past.measure("test_b")
    past.land(past.edit("src/pkg/auth.py", "return False", "return None"), "alone")
    past.measure()
    rows = lineage(past.engine, past.branch, None, "pkg.auth.check")
    assert [(row.reason, row.status, row.red, row.turned_green) for row in rows] == [
        ("import", "failing", 2, ()),
        ("first of two", "failing", 1, ("test_a",)),
        ("second of two", "failing", 1, ("test_a",)),
        ("alone", "passing", 0, ("test_b",)),
    ]
    rows = lineage(past.engine, past.branch, 1, "pkg.auth.check")
    assert [(row.reason, row.status, row.red) for row in rows] == [
        ("import", "unknown", 2),
        ("first of two", "unknown", None),
    ], "nobody had measured it by then"


def test_lineage_has_no_attempt_of_a_swarm_elsewhere_and_none_from_later(past: Past) -> None:
    origin = past.fork()
    past.launch("ours-1")
    ours = past.branch
    past.refuse(past.edit("src/pkg/auth.py", '"a"', '"c"'), "ours")
    past.branch = past.store.fork(origin, 0)
    past.launch("theirs-1")
    past.refuse(past.edit("src/pkg/auth.py", '"a"', '"d"'), "theirs")
    past.branch, past.swarm_id = ours, "ours-1"
    past.land(past.edit("src/pkg/auth.py", '"a"', '"b"'), "landed")
    past.refuse(past.edit("src/pkg/auth.py", '"b"', '"e"'), "too late")

    def told(branch: str, landing: int | None) -> list[str]:
        return [row.reason for row in lineage(past.engine, branch, landing, "pkg.auth.check")]

    assert told(ours, None) == ["import", "ours", "landed", "too late"]
    assert told(ours, 0) == ["import", "ours"]
    assert told(past.store.fork(ours, 0), None) == ["import", "ours"]
    assert told(past.store.fork(ours, 1), None) == ["import", "ours", "landed", "too late"]
    assert told(origin, None) == ["import"]


def test_queries_of_one_path_read_no_table_from_end_to_end(past: Past) -> None:
    files = {
        f"src/many/m{index}.py": f"def f{index}():\n    f{index}()\n" * 9 for index in range(300)
    }
    past.land(files)
    past.fork()
    past.land(past.edit("src/pkg/auth.py", "    if not token:\n        return False\n", ""))
    with past.engine.begin() as connection:
        connection.execute(text("ANALYZE"))
    asked: list[tuple[str, object]] = []

    def note(_c: object, _k: object, statement: str, values: object, *_rest: object) -> None:
        asked.append((statement, values))

    event.listen(past.engine, "before_cursor_execute", note)
    show(past.engine, past.branch, None, "many.m7.f7")
    history(past.engine, past.branch, None, "pkg.auth.check")
    lineage(past.engine, past.branch, None, "pkg.auth.check")
    used_by(past, "pkg.auth.check")
    event.remove(past.engine, "before_cursor_execute", note)
    assert len(asked) > 10
    with past.engine.begin() as connection:
        for statement, values in asked:
            plan = connection.exec_driver_sql(f"EXPLAIN {statement}", values)
            lines = "\n".join(row[0] for row in plan)
            assert "Seq Scan on nodes" not in lines, statement
            assert "Seq Scan on edges" not in lines, statement
