"""Bad input gets one clear sentence and an exit code; nothing is half-done."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.conftest import passes_outside

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]


def refused(swarm, repo: Path, success: str = "pytest -q", *more: str) -> str:
    return swarm.refused("launch", "--repo", str(repo), "--success", success, *more)


def failed(swarm, repo: Path, success: str, *more: str) -> str:
    result = swarm.launch(repo, success, *more, code=2)
    assert result["status"] == "failed"
    assert result["attempts"] == 0
    return result["reason"]


def test_no_such_folder(swarm, tmp_path):
    assert refused(swarm, tmp_path / "nowhere") == f"swarm: there is no folder '{tmp_path}/nowhere'"


def test_the_current_folder_may_be_named_by_its_dot(swarm, words):
    argv = swarm.argv("launch", "--repo", ".", "--success", "pytest -q", "--scope", "nowhere")
    done = subprocess.run(
        argv, env=swarm.environment, cwd=words, capture_output=True, text=True, check=False,
        timeout=60,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr == (
        "swarm: the scope 'nowhere' matches nothing in the repository; did you mean 'words'?\n"
    )


def test_a_file_for_a_folder(swarm, words):
    assert "is a file" in refused(swarm, words / "words.py")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_cannot_be_read(swarm, tmp_path):
    tmp_path.chmod(0)
    assert "cannot be read" in refused(swarm, tmp_path)


@pytest.mark.parametrize("count", ["0", "-5", "1000000000"])
def test_numbers_of_agents_without_sense(swarm, words, count):
    assert "is out of range" in refused(swarm, words, "pytest -q", "--agents", count)


def test_a_scope_that_matches_nothing_offers_near_names(swarm, ledger):
    sentence = refused(swarm, ledger, "pytest -q", "--scope", "ledger.mony")
    assert "'ledger.money'" in sentence


def test_a_scope_of_tests_alone_is_refused(swarm, words):
    assert "holds tests only" in refused(swarm, words, "pytest -q", "--scope", "tests")


def test_a_command_that_only_a_shell_could_run_is_refused(swarm, words):
    assert "no shell reads the success command" in refused(swarm, words, "pytest -q && true")


def test_more_than_a_sandbox_holds_is_refused(swarm, words):
    (words / "large.bin").write_bytes(bytes(2**20))
    environment = {**swarm.environment, "SWARM_JOB_DISK_BYTES_MAX": str(2**20)}
    sentence = refused(type(swarm)(swarm.home, environment), words)
    assert "holds more than 1,048,576 bytes of files" in sentence


def test_output_that_cannot_be_written_is_said_in_a_line(swarm):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            swarm.argv("status"), env=swarm.environment, stdout=full, stderr=subprocess.PIPE,
            text=True, check=False, timeout=60,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (2, "swarm: no space left on device\n")


def test_a_reader_that_has_seen_enough_is_no_error(swarm):
    with subprocess.Popen(
        swarm.argv("launch", "--help"), env=swarm.environment, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        process.stdout.close()
        assert process.stderr.read() == ""


def test_a_timeout_without_sense(swarm, words):
    assert "no duration" in refused(swarm, words, "pytest -q", "--timeout", "soon")


def test_an_interpreter_that_is_none(swarm, words):
    refused(swarm, words, "pytest -q", "--python", str(words / "words.py"))


def test_a_swarm_that_does_not_exist(swarm, words):
    swarm.launch(words, "pytest -q")
    assert "there is no swarm 'nothing'" in swarm.refused("status", "nothing")


def test_a_success_command_that_is_not_there(swarm, words):
    assert "'frobnicate' was not found" in failed(swarm, words, "frobnicate --all")


def test_a_success_command_without_its_executable_bit(swarm, words):
    (words / "check.sh").write_text("#!/bin/sh\npytest -q\n")
    assert "'./check.sh' cannot be run (permission denied)" in failed(swarm, words, "./check.sh")


def test_an_environment_without_pytest_is_named(swarm, words):
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", words / ".venv"], check=True, timeout=60
    )
    for success in ("python -m pytest -q", "pytest -q"):
        reason = failed(swarm, words, success)
        assert "pytest" in reason
        assert f"{words}/.venv/bin/python" in reason


def test_a_success_command_that_finds_no_tests(swarm, words):
    assert "found no tests" in failed(swarm, words, "pytest -q -k nothing_is_called_so")


def test_a_success_command_that_hangs(swarm, tmp_path):
    (tmp_path / "test_hang.py").write_text("def test_hang():\n    while True:\n        pass\n")
    reason = failed(swarm, tmp_path, "pytest -q", "--command-timeout", "2s")
    assert "did not end within 2 s" in reason


def test_a_missing_dependency_of_the_tests_is_named_with_the_interpreter(swarm, tmp_path):
    (tmp_path / "test_it.py").write_text("import numpyish\n\ndef test_it():\n    assert False\n")
    reason = failed(swarm, tmp_path, "pytest -q")
    assert "need the module 'numpyish'" in reason
    assert "--python" in reason


def test_a_syntax_error_everywhere_is_named(swarm, tmp_path):
    (tmp_path / "broken.py").write_text("def f(:\n    pass\n")
    (tmp_path / "test_it.py").write_text("import broken\n\ndef test_it():\n    assert False\n")
    assert "no test could be run" in failed(swarm, tmp_path, "pytest -q")


def test_a_command_that_passes_already_launches_nothing(swarm, words):
    (words / "words.py").write_text("")
    (words / "tests" / "test_words.py").write_text("def test_it():\n    assert True\n")
    result = swarm.launch(words, "pytest -q tests/test_words.py")
    assert (result["status"], result["attempts"], result["patch"]) == ("succeeded", 0, "")
    assert "passes already" in result["reason"]


def test_flaky_tests_are_named_and_mend_nothing(swarm, tmp_path):
    (tmp_path / "calc.py").write_text("def one():\n    return 1\n")
    (tmp_path / "test_calc.py").write_text(
        "import time\nimport calc\n\n"
        "def test_flaky():\n    assert calc.one() and time.time_ns() // 1000 % 2\n\n"
        "def test_steady():\n    assert calc.one() == 1\n"
    )
    result = swarm.launch(tmp_path, "pytest -q", "--timeout", "20s", code=None)
    if result["attempts"]:  # else the command happened to pass at the first look
        assert "test_flaky" in result["reason"]
        assert result["patch"] == ""


def test_files_of_all_kinds_come_through_and_the_bug_is_mended_in_place(swarm, words):
    odd = {
        "latin.py": "# coding: latin-1\nNAME = 'é'\n".encode("latin-1"),
        "crlf.txt": b"one\r\ntwo\r\n",
        "binary.bin": bytes(range(256)) * 64,
        "broken.py": b"def f(:\n",
        "long.txt": b"x" * 3_000_000,
    }
    for name, data in odd.items():
        (words / name).write_bytes(data)
    (words / "link.py").symlink_to("words.py")
    source = (words / "words.py").read_bytes().replace(b"\n", b"\r\n")
    (words / "words.py").write_bytes(source)
    result = swarm.launch(words, "pytest -q")
    assert result["status"] == "succeeded"
    swarm.run("apply", result["swarm_id"], "--repo", str(words))
    assert passes_outside(words)
    assert (words / "words.py").read_bytes().count(b"\r\n") == source.count(b"\r\n")
    assert all((words / name).read_bytes() == data for name, data in odd.items())


def test_a_dirty_work_tree_is_worked_on_as_it_is_and_said(swarm, words):
    for argv in (["init", "-q"], ["add", "tests"]):
        subprocess.run(["git", *argv], cwd=words, check=True)
    done = swarm.result("launch", "--repo", str(words), "--success", "pytest -q", "--json")
    assert done.returncode == 0
    assert "note: the work tree has changes that are not committed" in done.stderr


def test_servers_that_do_not_answer_are_named(swarm, words, tmp_path):
    for variable, url in (
        ("SWARM_DATABASE_URL", "postgresql://nobody:secret@127.0.0.1:1/none"),
        ("SWARM_REDIS_URL", "redis://:secret@127.0.0.1:1/0"),
    ):
        environment = {**swarm.environment, "SWARM_HOME": str(tmp_path / "h"), variable: url}
        other = type(swarm)(tmp_path / "h", environment)
        sentence = refused(other, words)
        assert "127.0.0.1:1" in sentence
        assert "secret" not in sentence
        other.run("down", code=None)
