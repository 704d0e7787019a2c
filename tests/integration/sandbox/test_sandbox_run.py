"""Commands in the sandbox: pytest in the warm interpreter, anything else as a program."""

import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from swarm_workers.interpreter import find_interpreter
from swarm_workers.protocols import Tree, TreeFile
from swarm_workers.sandbox.errors import (
    CommandNotFoundError,
    CommandNotRunnableError,
    SandboxBrokenError,
)
from swarm_workers.sandbox.result import RunResult
from swarm_workers.sandbox.sandbox import Sandbox
from tasks_schema.messages.task import Interpreter
from tests.integration.sandbox.conftest import REPOSITORY, SMALL

TESTS = """
import pytest, unittest
from calculator import add

def test_passes():
    assert add(1, 2) == 3

def test_fails():
    assert add(1, 2) == 4, "arithmetic is broken"

def test_raises():
    raise KeyError("lost")

@pytest.fixture
def broken():
    raise RuntimeError("no set-up")

def test_cannot_be_set_up(broken):
    pass

@pytest.fixture
def untidy():
    yield
    raise RuntimeError("no tear-down")

def test_cannot_be_torn_down(untidy):
    pass

@pytest.mark.skip
def test_is_skipped():
    pass

@pytest.mark.xfail
def test_fails_as_expected():
    assert False

@pytest.mark.xfail(strict=True)
def test_passes_against_expectation():
    pass

@pytest.mark.parametrize("n", [1, 2])
def test_with_parameter(n):
    assert n == 1

class TestOldStyle(unittest.TestCase):
    def test_method(self):
        self.assertEqual(1, 1)
"""
OUTCOMES = {
    "test_passes": "passed",
    "test_fails": "failed",
    "test_raises": "failed",
    "test_cannot_be_set_up": "error",
    "test_cannot_be_torn_down": "error",
    "test_is_skipped": "skipped",
    "test_fails_as_expected": "skipped",
    "test_passes_against_expectation": "failed",
    "test_with_parameter[1]": "passed",
    "test_with_parameter[2]": "failed",
    "TestOldStyle::test_method": "passed",
}


def tree_of(**files: str) -> Tree:
    """Return a tree of Python files; `__` in a name is a slash."""
    return {
        f"{name.replace('__', '/')}.py": TreeFile(text.encode()) for name, text in files.items()
    }


CALCULATOR = tree_of(calculator="def add(a, b): return a + b\n", tests__test_it=TESTS)


def outcomes(ended: RunResult) -> dict[str, str]:
    assert ended.tests is not None, ended.output
    return {test.test: str(test.outcome) for test in ended.tests}


@pytest.mark.parametrize(
    "argv",
    [
        ["python", "-m", "pytest", "-q"],
        ["python3", "-m", "pytest", "tests/test_it.py"],
        ["sh", "-c", "python -m pytest -q"],
        ["sh", "-c", "cd tests && PYTHONPATH=.. pytest --rootdir=.. -q"],
        ["env", "PYTHONPATH=.", "pytest", "-q"],
        ["make", "test"],
    ],
)
def test_every_way_to_start_pytest_tells_how_each_test_ended(
    argv: list[str], sandbox: Sandbox
) -> None:
    makefile = TreeFile(b"test:\n\tpython -m pytest -q\n")
    ended = sandbox.run({**CALCULATOR, "Makefile": makefile}, argv)
    expected = {f"tests/test_it.py::{name}": outcome for name, outcome in OUTCOMES.items()}
    assert outcomes(ended) == expected
    assert ended.exit_status == (2 if argv[0] == "make" else 1)
    assert not ended.is_green


def test_a_pytest_that_cannot_find_our_plugin_runs_without_it(sandbox: Sandbox) -> None:
    script = """
import os, sys
os.environ["PYTHONPATH"] = "."
os.execv(sys.executable, [sys.executable, "-m", "pytest"])
"""
    ended = sandbox.run(tree_of(run=script, test_it="def test(): pass\n"), ["python", "run.py"])
    assert (ended.exit_status, ended.tests) == (0, None)
    assert "1 passed" in ended.output


def test_a_red_test_tells_the_line_that_names_its_exception(sandbox: Sandbox) -> None:
    ended = sandbox.run(CALCULATOR, ["python", "-m", "pytest"])
    messages = {t.test.partition("::")[2]: t.message for t in ended.tests or ()}
    assert messages["test_raises"] == "KeyError: 'lost'"
    assert messages["test_fails"] == "AssertionError: arithmetic is broken"
    assert messages["test_cannot_be_set_up"] == "RuntimeError: no set-up"
    assert messages["test_passes"] == ""
    assert all(test.seconds >= 0 for test in ended.tests or ())


def test_what_cannot_be_collected_is_an_error_with_its_text(sandbox: Sandbox) -> None:
    tree = tree_of(
        test_syntax="def f(:\n", test_import="import nowhere\n", test_ok="def test(): 0\n"
    )
    ended = sandbox.run(tree, ["pytest", "-q", "--continue-on-collection-errors"])
    assert outcomes(ended) == {
        "test_syntax.py": "error",
        "test_import.py": "error",
        "test_ok.py::test": "passed",
    }
    messages = {test.test: test.message for test in ended.tests or ()}
    assert messages["test_import.py"] == "ModuleNotFoundError: No module named 'nowhere'"
    assert "SyntaxError" in messages["test_syntax.py"]
    assert any("import nowhere" in text for text in ended.collect_errors)


def test_a_test_that_kills_the_runner_is_an_error(sandbox: Sandbox) -> None:
    tree = tree_of(test_it="import os\ndef test_a(): pass\ndef test_b(): os._exit(0)\n")
    ended = sandbox.run(tree, ["pytest"])
    assert outcomes(ended) == {"test_it.py::test_a": "passed", "test_it.py::test_b": "error"}
    assert ended.exit_status == 0
    assert not ended.is_green


def test_all_green_is_green(sandbox: Sandbox) -> None:
    ended = sandbox.run(tree_of(test_it="def test_a(): pass\n"), ["pytest"])
    assert (ended.exit_status, ended.is_green) == (0, True)
    assert "1 passed" in ended.output


def test_a_runner_without_tests_tells_so(sandbox: Sandbox) -> None:
    ended = sandbox.run(tree_of(module="pass\n"), ["pytest"])
    assert (ended.exit_status, ended.tests) == (5, ())


def test_a_command_without_tests_tells_of_none(sandbox: Sandbox) -> None:
    ended = sandbox.run({}, ["python", "-c", "print('no tests here')"])
    assert (ended.exit_status, ended.tests, ended.output) == (0, None, "no tests here\n")
    assert ended.is_green


def test_the_import_path_is_that_of_the_command(sandbox: Sandbox) -> None:
    """The current folder goes first for `python -m pytest` only."""
    tree = tree_of(tests__test_it="import sys\ndef test_path(): print(sys.path); assert 0\n")
    as_module = sandbox.run(tree, ["python", "-m", "pytest"])
    as_script = sandbox.run(tree, ["pytest"])
    assert "'/box'" in as_module.output
    assert "'/box'" not in as_script.output
    for ended in (as_module, as_script):
        assert "'/.swarm" not in ended.output


def test_tests_that_run_pytest_themselves_are_told_once(sandbox: Sandbox) -> None:
    inner = """
import subprocess, sys
def test_outer(tmp_path):
    (tmp_path / "test_inner.py").write_text("def test_inner(): assert 0")
    assert subprocess.run([sys.executable, "-m", "pytest", str(tmp_path)]).returncode == 1
"""
    for argv in (["pytest"], ["sh", "-c", "pytest"]):
        assert outcomes(sandbox.run(tree_of(test_it=inner), argv)) == {
            "test_it.py::test_outer": "passed"
        }


def test_a_report_in_junit_xml_is_read_when_no_plugin_reports(sandbox: Sandbox) -> None:
    script = """
import os
os.makedirs("build/reports")
open("build/reports/out.xml", "w").write('''<?xml version="1.0"?><testsuites><testsuite>
<testcase classname="a.B" name="one" time="0.5"/>
<testcase classname="a.B" name="two"><failure message="no"/></testcase>
<testcase name="three"><skipped/></testcase></testsuite></testsuites>''')
raise SystemExit(1)
"""
    ended = sandbox.run(tree_of(run=script), ["python", "run.py"])
    assert outcomes(ended) == {"a.B::one": "passed", "a.B::two": "failed", "three": "skipped"}
    assert ended.exit_status == 1


def test_a_program_that_is_not_there_is_named(sandbox: Sandbox) -> None:
    with pytest.raises(CommandNotFoundError, match="the program 'no-such-program' was not found"):
        sandbox.run({}, ["no-such-program", "--version"])
    assert sandbox.run({}, ["true"]).exit_status == 0


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (TreeFile(b"#!/bin/sh\n"), "permission denied"),
        (TreeFile(b"no first line\n", is_executable=True), "exec format error"),
    ],
)
def test_a_program_that_the_kernel_does_not_run_is_named(
    sandbox: Sandbox, file: TreeFile, reason: str
) -> None:
    with pytest.raises(CommandNotRunnableError, match=rf"'\./run' cannot be run \({reason}\)"):
        sandbox.run({"run": file}, ["./run"])
    assert sandbox.run({}, ["true"]).exit_status == 0


def test_files_links_and_modes_are_as_in_the_tree(sandbox: Sandbox) -> None:
    tree = {
        "bin/run": TreeFile(b"#!/bin/sh\ncat ../data/link\n", is_executable=True),
        "data/file": TreeFile(b"\x00\xff"),
        "data/link": TreeFile(b"", link_target="file"),
        "data/empty": TreeFile(b""),
    }
    ended = sandbox.run(tree, ["sh", "-c", "cd bin && ./run | od -An -tx1; ls -l ../data/empty"])
    assert ended.output.split()[:2] == ["00", "ff"]
    assert "-rw-r--r--" in ended.output


def test_the_path_of_the_repository_leads_to_the_copy(sandbox: Sandbox) -> None:
    tree = {"here.txt": TreeFile(b"the copy")}
    ended = sandbox.run(tree, ["cat", f"{REPOSITORY}/here.txt"])
    assert ended.output == "the copy"


def test_a_server_on_the_loopback_interface_can_be_used(sandbox: Sandbox) -> None:
    script = """
import socket, threading
server = socket.create_server(("localhost", 0))
threading.Thread(target=lambda: server.accept()[0].sendall(b"hello")).start()
print(socket.create_connection(server.getsockname()).recv(5))
left, right = socket.socketpair()
"""
    assert sandbox.run(tree_of(run=script), ["python", "run.py"]).output == "b'hello'\n"


def test_ordinary_things_work(sandbox: Sandbox) -> None:
    script = """
import getpass, multiprocessing, os, pty, tempfile, pathlib
print(getpass.getuser(), os.path.expanduser("~"), tempfile.gettempdir())
os.mkfifo("pipe")
pty.openpty()
with multiprocessing.Pool(2) as pool:
    print(pool.map(abs, [-1, -2]))
os.makedirs("a/b"); open("a/x", "w").close(); os.rename("a/x", "a/b/x")
"""
    ended = sandbox.run(tree_of(run=script), ["python", "run.py"])
    assert ended.output == "box /tmp/home /tmp\n[1, 2]\n"


def test_a_lost_sandbox_says_so_and_stays_lost(interpreter: Interpreter) -> None:
    with Sandbox.boot(interpreter, repository=REPOSITORY, limits=SMALL) as sandbox:
        sandbox._wire._process.kill()
        with pytest.raises(SandboxBrokenError, match="boot another one"):
            sandbox.run({}, ["true"])
        with pytest.raises(SandboxBrokenError, match="it was closed"):
            sandbox.run({}, ["true"])


def test_an_environment_inside_the_repository_is_used_and_kept(tmp_path: Path) -> None:
    venv = tmp_path / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True, timeout=60)
    packages = next(venv.glob("lib/python*/site-packages"))
    (packages / "only_here.py").write_text("WHERE = __file__\n")
    interpreter = find_interpreter(tmp_path, None)
    assert interpreter.venv_in_repo == ".venv"
    script = "import only_here, sys; print(only_here.WHERE, sys.prefix, sys.executable)\n"
    tree = {**tree_of(run=script), ".venv/pyvenv.cfg": TreeFile(b"not this one")}
    with Sandbox.boot(interpreter, repository=str(tmp_path), limits=SMALL) as sandbox:
        for _ in range(2):
            ended = sandbox.run(tree, ["python", "run.py"])
            assert ended.output.startswith(f"{tmp_path}/.venv/lib/"), ended.output
        ended = sandbox.run({}, ["sh", "-c", "rm -rf /box/.venv; ls -A /box /tmp"])
        assert ".venv" in ended.output
        assert sandbox.run(tree, ["python", "run.py"]).exit_status == 0
    assert (packages / "only_here.py").exists()


@pytest.mark.parametrize("argv", [["pytest", "-q"], ["python", "-m", "pytest", "-q"]])
def test_a_package_of_the_repository_that_is_installed_in_editable_form_is_found(
    sandbox: Sandbox, argv: list[str]
) -> None:
    test = (
        "import sys\nimport editable_one\n\ndef test_it():\n"
        "    assert editable_one.ONE == 1 and not any('not-there' in each for each in sys.path)\n"
    )
    ended = sandbox.run(tree_of(**{"src/editable_one": "ONE = 1\n", "test_it": test}), argv)
    assert ended.exit_status == 0, ended.output


def test_signals_end_what_they_should_although_the_worker_ignores_them(
    interpreter: Interpreter,
) -> None:
    script = """
import multiprocessing, signal, subprocess
child = subprocess.Popen(["sleep", "60"])
child.terminate()
assert child.wait() == -signal.SIGTERM
child = multiprocessing.Process(target=signal.pause)
child.start()
child.terminate()
child.join()
assert child.exitcode == -signal.SIGTERM
piped = subprocess.run(["sh", "-c", "yes | head -n 1"], capture_output=True, text=True)
assert (piped.stdout, piped.stderr) == ("y\\n", "")
"""
    in_pytest = tree_of(test_it="def test_it():\n" + textwrap.indent(script, "    "))
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        booted = Sandbox.boot(interpreter, repository=REPOSITORY, limits=SMALL)
    finally:
        signal.signal(signal.SIGTERM, before)
    with booted:
        for tree, argv in (
            (tree_of(script=script), ["python", "script.py"]),
            (in_pytest, ["pytest", "-q"]),
        ):
            ended = booted.run(tree, argv)
            assert ended.exit_status == 0, ended.output
        ended = booted.run({}, ["sh", "-c", "yes | head -n 1"])
        assert ended.output == "y\n"
