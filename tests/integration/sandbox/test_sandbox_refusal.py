"""A machine that cannot isolate runs nothing, and says why in one sentence."""

import subprocess
import sys
from pathlib import Path

import pytest

from swarm_workers.sandbox import isolation
from swarm_workers.sandbox.errors import NoIsolationError
from swarm_workers.sandbox.inside import seccomp

UNDER_A_FILTER = """
import struct, sys
from swarm_workers.sandbox.inside import kernel, seccomp
from swarm_workers.sandbox import probe
kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
seccomp.install(seccomp.make_program({machine!r}))
sys.exit(probe.main())
"""


def test_a_machine_without_namespaces_is_refused_in_one_sentence() -> None:
    """Under our own filter the kernel refuses namespaces, as under a container's default one."""
    machine = isolation.platform.machine()
    ran = subprocess.run(
        [sys.executable, "-c", UNDER_A_FILTER.format(machine=machine)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ran.returncode == 1
    assert ran.stderr == ""
    (sentence,) = ran.stdout.splitlines()
    assert sentence.startswith("this machine cannot isolate code, so nothing is run: bubblewrap")
    assert "allow user namespaces to this user" in sentence


def test_a_machine_that_can_says_by_what() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "swarm_workers.sandbox.probe"],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert "namespaces" in ran.stdout
    assert "seccomp" in ran.stdout


def test_a_bubblewrap_that_fails_is_quoted(tmp_path: Path) -> None:
    fake = tmp_path / "bwrap"
    fake.write_text(
        "#!/bin/sh\necho 'bwrap: No permissions to create a new namespace' >&2\nexit 1\n"
    )
    fake.chmod(0o755)
    with pytest.raises(NoIsolationError, match="says 'bwrap: No permissions to create a new name"):
        isolation.probe_with(str(fake))


def test_a_bubblewrap_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(NoIsolationError, match="No such file"):
        isolation.probe_with(str(tmp_path / "none"))


def test_a_machine_without_a_table_of_system_calls_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(isolation.platform, "machine", lambda: "riscv64")
    with pytest.raises(NoIsolationError, match="no table of system calls for 'riscv64'"):
        isolation.probe_with("/bin/true")
    assert "riscv64" not in seccomp.ARCHITECTURES
