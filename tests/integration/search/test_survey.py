"""What a warm session tells of tests that do not behave."""

import textwrap

import pytest

from swarm_workers.problems.code.warm import UncollectableError
from swarm_workers.protocols import Edit, EditCandidate
from tasks_schema.kinds import TestOutcome
from tests.integration.search.conftest import OpenSession

pytestmark = pytest.mark.sandbox


def dedent(text: str) -> str:
    return textwrap.dedent(text).lstrip("\n")


def test_survey_tells_outcomes_of_tests_that_end_or_bend_their_process(
    open_session: OpenSession,
) -> None:
    tests = dedent(
        """
        import os, sys, threading, time, unittest, warnings
        import pytest

        @pytest.fixture(scope="session")
        def resource():
            yield "resource"

        def test_prints(): print("x" * 100_000)
        def test_ends_the_process(): os._exit(0)
        def test_exits(): sys.exit(3)
        def test_stops_pytest(): pytest.exit("enough")
        def test_leaves_a_thread(): threading.Thread(target=time.sleep, args=(60,)).start()
        def test_moves(): os.chdir("/"); sys.path[:] = []
        def test_is_still_at_home(resource): assert resource == "resource"
        def test_warns(): warnings.warn("careful")
        @pytest.mark.parametrize("text", ["a b", "[", "ä"])
        def test_each(text): assert len(text) == 3
        @pytest.mark.xfail
        def test_known(): assert 0
        @pytest.mark.skip
        def test_later(): pass
        @pytest.fixture
        def broken(): raise RuntimeError("no set-up")
        def test_set_up(broken): pass
        def test_kills_itself(): os.kill(os.getpid(), 11)
        class CaseTest(unittest.TestCase):
            def test_case(self): self.assertEqual(1, 2)
            def test_skipped(self): self.skipTest("no")
        """
    )
    ini = "[pytest]\naddopts = -x --maxfail=1 -p no:terminal\nfilterwarnings = error\n"
    survey = open_session({"test_it.py": tests, "pytest.ini": ini}).survey()
    outcomes = {test.split("::", 1)[1]: found.outcome.value for test, found in survey.tests.items()}
    assert outcomes == {
        "test_prints": "passed",
        "test_ends_the_process": "failed",
        "test_exits": "failed",
        "test_stops_pytest": "failed",
        "test_leaves_a_thread": "passed",
        "test_moves": "passed",
        "test_is_still_at_home": "passed",
        "test_warns": "failed",
        "test_each[a b]": "passed",
        "test_each[[]": "failed",
        "test_each[\\xe4]": "failed",
        "test_known": "skipped",
        "test_later": "skipped",
        "test_set_up": "error",
        "test_kills_itself": "failed",
        "CaseTest::test_case": "failed",
        "CaseTest::test_skipped": "skipped",
    }
    messages = {test.split("::")[-1]: found.message for test, found in survey.tests.items()}
    assert messages["test_ends_the_process"] == "the test ended its process with status 0"
    assert messages["test_kills_itself"] == "the test ended its process with signal 11"
    assert messages["test_case"] == "AssertionError: 1 != 2"
    assert messages["test_set_up"] == "RuntimeError: no set-up"


def test_survey_knows_the_lines_of_each_test(open_session: OpenSession) -> None:
    module = dedent(
        """
        LIMIT = 1

        def small(x):
            if x > LIMIT:
                return "large"
            return "small"
        """
    )
    tests = dedent(
        """
        from module import small
        def test_small(): assert small(0) == "small"
        def test_large(): assert small(9) == "large"
        """
    )
    survey = open_session({"module.py": module, "test_it.py": tests}).survey()
    assert survey.lines["test_it.py::test_small"]["module.py"] == {4, 6}
    assert survey.lines["test_it.py::test_large"]["module.py"] == {4, 5}


def test_arguments_of_the_success_command_are_honoured(open_session: OpenSession) -> None:
    tests = "def test_one(): pass\ndef test_two(): pass\n"
    session = open_session({"a/test_it.py": tests, "b/test_other.py": tests}, "a", "-k", "two")
    assert list(session.survey().tests) == ["a/test_it.py::test_two"]


def test_file_that_cannot_be_imported_is_named_and_the_others_run(
    open_session: OpenSession,
) -> None:
    files = {"test_bad.py": "import nothing_of_this_name\n", "test_it.py": "def test_a(): pass\n"}
    survey = open_session(files).survey()
    assert survey.tests["test_it.py::test_a"].outcome is TestOutcome.PASSED
    assert "nothing_of_this_name" in survey.collect_errors["test_bad.py"]


def test_arguments_that_pytest_refuses_are_told_in_its_words(open_session: OpenSession) -> None:
    session = open_session({"test_it.py": "def test_a(): pass\n"}, "no_such_folder")
    with pytest.raises(UncollectableError, match="no_such_folder"):
        session.survey()


def test_edit_counts_characters_in_files_of_any_encoding_and_line_end(
    open_session: OpenSession,
) -> None:
    text = '# é\r\nclass Ä:\r\n    def ö(self):\r\n        ü = "é"; return ü + "x"\r\n'
    tests = 'from module import Ä\ndef test_it(): assert Ä().ö() == "éy"\n'
    session = open_session({"module.py": "\ufeff" + text, "test_it.py": tests})
    start = text.index('"x"')
    for replacement in ('"y"', '"y"; None'):
        candidate = EditCandidate((Edit("module.py", start, start + 3, replacement),), "test", 4)
        (trial,) = session.evaluate([candidate], focus="test_it.py::test_it")
        assert trial.turned_green


def test_a_survey_leaves_out_what_is_known_and_judges_by_it_all_the_same(
    open_session: OpenSession,
) -> None:
    module = "def double(n):\n    return n + 3\n\n\ndef half(n):\n    return n / 2\n"
    files = {
        "double.py": module,
        "test_double.py": dedent(
            """
            from double import double, half

            def test_double(): assert double(5) == 10
            def test_half(): assert half(4) == 2
            """
        ),
    }
    first = open_session(files, "-q")
    known = first.survey()
    first.close()
    second = open_session(files, "-q")
    assert second.survey(known=known) == known
    start = module.index("+ 3")
    mended = EditCandidate((Edit("double.py", start, start + 3, "* 2"),), "test", 2)
    (trial,) = second.evaluate(
        [mended], focus="test_double.py::test_double", green=["test_double.py::test_half"]
    )
    assert trial.turned_green == {"test_double.py::test_double"}
    assert not trial.turned_red


def test_what_is_known_of_tests_that_are_gone_is_forgotten(open_session: OpenSession) -> None:
    old = open_session({"test_it.py": "def test_old(): assert True\n"}, "-q")
    known = old.survey()
    old.close()
    new = open_session({"test_it.py": "def test_new(): assert True\n"}, "-q").survey(known=known)
    assert list(new.tests) == ["test_it.py::test_new"]
