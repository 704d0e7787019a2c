"""The same walls for a worker that is not root, through a user namespace."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SYSTEM_PYTHON = "/usr/bin/python3"
NOBODY = 65534
SUITES = ["test_sandbox_attacks.py", "test_sandbox_session.py"]
AS_NOBODY = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--"]


def environment_of(home: Path) -> dict[str, str]:
    packages = Path(pytest.__file__).parent.parent
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": str(home),
        "TMPDIR": str(home),
        "PYTHONPATH": f"{packages}:{ROOT}",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def reason_not_to(home: Path) -> str:
    if os.geteuid() != 0:
        return "this is a user that is not root already, and the other tests have shown it"
    if not shutil.which("setpriv"):
        return "there is no setpriv"
    script = "import sys, pydantic_core, swarm_workers.sandbox.sandbox; print(sys.version_info[:2])"
    argv = [*AS_NOBODY, SYSTEM_PYTHON, "-c", script]
    tried = subprocess.run(
        argv, env=environment_of(home), capture_output=True, text=True, timeout=30, check=False
    )
    if tried.returncode:
        return f"'{SYSTEM_PYTHON}' cannot import the fleet as another user: {tried.stderr[-200:]}"
    same = tried.stdout.strip() == str(sys.version_info[:2])
    return "" if same else f"'{SYSTEM_PYTHON}' is another version than the fleet's"


def test_every_attack_is_stopped_for_a_worker_that_is_not_root() -> None:
    home = Path(f"/var/tmp/swarm-nobody-{os.getpid()}")
    home.mkdir()
    try:
        if reason := reason_not_to(home):
            pytest.skip(reason)
        os.chown(home, NOBODY, NOBODY)
        suites = [str(Path(__file__).parent / name) for name in SUITES]
        plain = ["-p", "no:hypothesispytest", "-rs"]
        ran = subprocess.run(
            [*AS_NOBODY, SYSTEM_PYTHON, "-m", "pytest", *suites, *plain],
            env={**environment_of(home), "CI": "1"},
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout[-3000:]
        assert "skipped" not in ran.stdout
    finally:
        shutil.rmtree(home)
