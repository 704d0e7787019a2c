"""What a job reports, read warily."""

import json

from swarm_workers.sandbox.outcomes import Reported, read_lines, read_xml


def lines(*told: dict[str, object]) -> str:
    return "".join(json.dumps(line) + "\n" for line in told)


def phases(name: str, **outcomes: str) -> list[dict[str, object]]:
    return [
        {"id": name, "when": when, "outcome": outcome, "seconds": 0.5, "message": f"in {when}"}
        for when, outcome in outcomes.items()
    ]


def told(reported: Reported) -> dict[str, tuple[str, str]]:
    return {test.test: (str(test.outcome), test.message) for test in reported.results() or ()}


def test_the_worst_of_a_tests_phases_counts() -> None:
    report = lines(
        *phases("a", setup="passed", call="failed", teardown="error"),
        *phases("b", setup="passed", call="skipped", teardown="passed"),
        *phases("c", setup="error", teardown="passed"),
    )
    found = read_lines(report)
    assert told(found) == {
        "a": ("error", "in teardown"),
        "b": ("skipped", ""),
        "c": ("error", "in setup"),
    }
    assert [test.seconds for test in found.results() or ()] == [1.5, 1.5, 1.0]


def test_a_test_of_which_no_end_is_told_did_not_finish() -> None:
    report = lines(*phases("cut off", setup="passed", call="passed"), *phases("x", setup="passed"))
    assert told(read_lines(report)) == {
        "cut off": ("error", "the test did not finish"),
        "x": ("error", "the test did not finish"),
    }


def test_no_line_at_all_means_that_nothing_reported() -> None:
    assert read_lines("").results() is None
    assert read_lines(lines({"when": "start"})).results() == ()


def test_lines_that_the_plugin_would_not_write_are_left_out() -> None:
    good = phases("good", setup="passed", call="passed", teardown="passed")
    for bad in (
        "not json",
        "[]",
        "1",
        '"text"',
        "{}",
        '{"id": "x", "when": "call", "outcome": "wonderful"}',
        '{"id": "x", "outcome": "passed"}',
        "[" * 100_000,
    ):
        assert told(read_lines(f"{bad}\n{lines(*good)}{bad}\n")) == {"good": ("passed", "")}


def test_numbers_and_texts_are_bounded() -> None:
    line = {"id": "n" * 9_000, "when": "teardown", "outcome": "error", "message": "m" * 9_000}
    for seconds in (-1, 1e300, "many", None, float("nan")):
        (test,) = read_lines(lines({**line, "seconds": seconds})).results() or ()
        assert (len(test.test), len(test.message), test.seconds) == (2_000, 500, 0.0)


def test_what_no_database_can_hold_is_left_out_of_names_and_messages() -> None:
    line = {"id": "t\0", "when": "teardown", "outcome": "failed", "message": "a \0 b \ud800"}
    assert told(read_lines(lines(line))) == {"t?": ("failed", "a ? b ?")}


def test_what_could_not_be_collected_is_told_with_its_text() -> None:
    line = {"id": "t.py", "when": "collect", "outcome": "error", "message": "m", "text": "full"}
    found = read_lines(lines(line))
    assert told(found) == {"t.py": ("error", "m")}
    assert found.collect_errors == ["full"]


def test_junit_outcomes_are_read() -> None:
    report = """<testsuite><testcase classname="c" name="a" time="1.5"/>
        <testcase classname="c" name="b"><failure message="m"/></testcase>
        <testcase name="d"><error/></testcase>
        <testcase name="e"><skipped/></testcase></testsuite>"""
    assert told(read_xml([report])) == {
        "c::a": ("passed", ""),
        "c::b": ("failed", "m"),
        "d": ("error", ""),
        "e": ("skipped", ""),
    }


def test_xml_that_is_broken_or_brings_a_document_type_is_left_out() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa">]><testsuite><testcase name="&a;"/></testsuite>'
    assert read_xml([bomb, "<testsuite>", ""]).results() is None
