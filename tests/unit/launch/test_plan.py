"""What a person typed."""

import pytest

from orchestrator.errors import UsageError
from orchestrator.launch.plan import (
    check_agents,
    check_operations,
    missing_scope_message,
    parse_duration,
    slug_of,
    split_command,
)
from tasks_schema.ids import attempt_id, swarm_id


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("90s", 90), ("1h30m", 5400), ("2d", 172_800), ("1.5m", 90)]
)
def test_durations_are_read(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "1x", "0s", "-5s", "1h 30m", "10ms", "9" * 30])
def test_what_is_no_duration_is_refused_with_an_example(text):
    with pytest.raises(UsageError, match=r"1h30m|at least 1s|at most 366d"):
        parse_duration(text)


@pytest.mark.parametrize("count", [0, -5, 10**9])
def test_numbers_of_agents_out_of_range_are_refused(count):
    with pytest.raises(UsageError, match=rf"--agents {count} is out of range; give 1 to 1,000,000"):
        check_agents(count)


def test_a_command_is_split_as_a_shell_would():
    assert split_command("pytest 'a b' -q") == ("pytest", "a b", "-q")


@pytest.mark.parametrize("text", ["", "pytest 'a"])
def test_a_command_that_cannot_be_split_is_refused(text):
    with pytest.raises(UsageError, match="success command"):
        split_command(text)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("pytest -q && echo ok", "'&&'"),
        ("pytest -q; echo ok", "';'"),
        ("pytest -q | tee log", "'|'"),
        ("pytest -q > log", "'>'"),
        ("pytest -q 2>&1", "'2>&1'"),
        ("SEED=1 pytest -q", "'SEED=1'"),
    ],
)
def test_a_command_for_a_shell_is_refused_and_the_way_to_a_shell_is_shown(text, part):
    with pytest.raises(
        UsageError, match=r"no shell reads .* write --success '(sh -c|env) "
    ) as told:
        split_command(text)
    assert part in str(told.value)


@pytest.mark.parametrize(
    "text",
    [
        "pytest 'a;b' -k 'x && y'",
        'sh -c "a && b"',
        r"find . -exec x \;",
        "pytest t.py::test[a|b;c>d]",
    ],
)
def test_signs_of_the_shell_in_quotes_or_in_words_are_plain_text(text):
    assert split_command(text)


@pytest.mark.parametrize("count", [0, -1, 10**30])
def test_budgets_of_edits_out_of_range_are_refused(count):
    with pytest.raises(UsageError, match=r"--max-ops .* is out of range"):
        check_operations(count)


def test_a_scope_below_what_exists_offers_what_is_around_it_and_never_tests():
    message = missing_scope_message("pkg.mail.lost", ["tests.mail.lost", "pkg", "pkg.mail"])
    assert message.endswith("did you mean 'pkg.mail'?")


def test_a_scope_that_matches_nothing_offers_near_names():
    message = missing_scope_message("pkg.auht", ["pkg.auth", "pkg.mail", "pkg"])
    assert message.endswith("did you mean 'pkg.auth'?")


def test_ids_of_swarms_remind_of_the_task():
    assert slug_of("make all tests in pkg/auth pass", "pytest") == "pkg-auth"
    assert swarm_id(slug_of("", "pytest -q"), bytes(6)).startswith("pytest-q-")


def test_the_same_turn_has_the_same_id_everywhere():
    assert attempt_id("s", "a", 1) == attempt_id("s", "a", 1) != attempt_id("s", "a", 2)
