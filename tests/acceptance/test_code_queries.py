"""Questions about the code that a swarm mended, asked as a person would."""

import json

import pytest

from tests.acceptance.conftest import copied

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]


@pytest.fixture(scope="module")
def launched(swarm, tmp_path_factory) -> dict:
    """A swarm that mended a function: the newest, for all that is asked here."""
    words = copied("words", tmp_path_factory.mktemp("repository"))
    return swarm.launch(words, "pytest -q", "--agents", "2")


def asked(swarm, *words: str) -> dict:
    return json.loads(swarm.run(*words, "--json"))


def test_a_mended_function_is_shown_with_its_callers_history_and_lineage(swarm, launched):
    assert launched["status"] == "succeeded"
    (scope,) = asked(swarm, "hotspots", "--count", "1")["scopes"]
    path, of = scope["scope"], ("--swarm", launched["swarm_id"])
    assert scope["landed"] == 1

    (shown,) = asked(swarm, "show", path, *of)["found"]
    assert shown["kind"] == "def"
    assert f"def {path.rpartition('.')[2]}(" in swarm.run("show", path, *of)
    (before,) = asked(swarm, "show", path, *of, "--landing", "0")["found"]
    assert before["text"] != shown["text"]

    first, mended = asked(swarm, "history", path, *of)["landings"]
    assert (first["author"], mended["swarm_id"]) == ("import", launched["swarm_id"])
    assert f"+{mended['diff'].rpartition(chr(10) + '+')[2].splitlines()[0]}" in launched["patch"]
    assert mended["note"] in swarm.run("history", path, *of, "--diff")

    events = asked(swarm, "lineage", path, *of)["events"]
    told = [each for each in events if each["event"] != "refused"]
    assert [each["status"] for each in told] == ["failing", "passing"]
    assert len(told[1]["turned_green"]) == launched["tests_before"]["failed"]
    assert "turned green  tests/test_words.py::" in swarm.run("lineage", path, *of)

    callers = asked(swarm, "callers", path, *of, "--kind", "calls")["callers"]
    assert any(each["path"].startswith("tests.test_words.test_") for each in callers)
    assert f"{callers[0]['file']}:{callers[0]['lines'][0]}" in swarm.run("callers", path, *of)


@pytest.mark.usefixtures("launched")
def test_a_path_with_a_slip_offers_the_near_one(swarm):
    for command in ("show", "history", "lineage", "callers"):
        line = swarm.refused(command, "words.coutn")
        assert line.startswith("swarm: there is no 'words.coutn' at landing ")
    line = swarm.refused("show", "words", "--swarm", "a", "--branch", "b")
    assert line == "swarm: --swarm and --branch both say where to look; leave one out"
    assert "there is no branch 'nope'" in swarm.refused("show", "words", "--branch", "nope")
    assert "has no landing 99" in swarm.refused("show", "words", "--landing", "99")
