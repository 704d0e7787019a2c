"""Which Python is the repository's, found without running anything of the repository."""

import subprocess
import sys
from pathlib import Path

import pytest

from swarm_workers.interpreter import InterpreterError, find_interpreter

VERSION = (sys.version_info.major, sys.version_info.minor)


def make_venv(folder: Path) -> Path:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True, timeout=60)
    return folder


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("repository")
    make_venv(folder / ".venv")
    return folder


def test_the_repositorys_own_environment_is_found(repository: Path) -> None:
    found = find_interpreter(repository, None)
    assert found.executable == str(repository / ".venv/bin/python")
    assert found.venv_in_repo == ".venv"
    assert found.version == VERSION
    assert str(sys.base_prefix) in found.folders
    assert not any(folder.startswith(str(repository)) for folder in found.folders)
    assert not found.is_fleet


def test_a_named_one_comes_first(repository: Path, tmp_path: Path) -> None:
    venv = make_venv(tmp_path / "other")
    for named in (venv, venv / "bin" / "python"):
        found = find_interpreter(repository, named)
        assert found.executable == str(venv / "bin/python")
        assert found.venv_in_repo is None
        assert str(venv) in found.folders


def test_without_any_it_is_the_fleets_own(tmp_path: Path) -> None:
    found = find_interpreter(tmp_path, None)
    assert found.is_fleet
    assert found.executable == sys.executable
    assert found.version == VERSION


def test_every_folder_that_the_links_lead_through_is_bound(tmp_path: Path) -> None:
    hop = tmp_path / "hop" / "bin"
    hop.mkdir(parents=True)
    (hop / "python").symlink_to(Path(sys.base_prefix) / "bin" / f"python{VERSION[0]}")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to("../hop/bin/python")
    found = find_interpreter(tmp_path / "elsewhere", tmp_path / "bin" / "python")
    assert str(tmp_path / "hop") in found.folders


def test_a_path_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InterpreterError, match="there is no file") as raised:
        find_interpreter(tmp_path, tmp_path / "none")
    assert raised.value.path == tmp_path / "none"
    with pytest.raises(InterpreterError, match="bin/python"):
        find_interpreter(tmp_path, tmp_path)


def test_a_file_that_is_no_program_is_refused(tmp_path: Path) -> None:
    (tmp_path / "python").write_text("")
    with pytest.raises(InterpreterError, match="is not executable"):
        find_interpreter(tmp_path, tmp_path / "python")


@pytest.mark.parametrize("answer", ["", "hello", "{}", "[]", "exit 1"])
def test_a_program_that_is_no_python_is_refused(answer: str, tmp_path: Path) -> None:
    fake = tmp_path / "python"
    fake.write_text("#!/bin/sh\n" + (answer if answer == "exit 1" else f"echo '{answer}'\n"))
    fake.chmod(0o755)
    with pytest.raises(InterpreterError, match="did not answer as a Python does"):
        find_interpreter(tmp_path, fake)


def test_a_python_that_is_too_old_is_refused(tmp_path: Path) -> None:
    fake = tmp_path / "python"
    fake.write_text("""#!/bin/sh\necho '{"version": [3, 6], "folders": ["/usr", "/usr"]}'\n""")
    fake.chmod(0o755)
    with pytest.raises(InterpreterError, match=r"it is Python 3\.6; name .* of 3\.8 or newer"):
        find_interpreter(tmp_path, fake)


def test_an_environment_whose_base_is_gone_is_refused(tmp_path: Path) -> None:
    venv = make_venv(tmp_path / ".venv")
    (venv / "pyvenv.cfg").write_text("home = /nowhere/bin\nversion = 3.11.7\n")
    with pytest.raises(InterpreterError, match="is gone from '/nowhere/bin'"):
        find_interpreter(tmp_path, None)


def test_nothing_of_the_repository_is_run(tmp_path: Path) -> None:
    venv = make_venv(tmp_path / ".venv")
    packages = next(venv.glob("lib/python*/site-packages"))
    (packages / "x.pth").write_text(
        f"import pathlib; pathlib.Path({str(tmp_path / 'ran')!r}).touch()\n"
    )
    (venv / "bin" / "python").unlink()
    (venv / "bin" / "python").write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    (venv / "bin" / "python").chmod(0o755)
    find_interpreter(tmp_path, None)
    assert not (tmp_path / "ran").exists()
