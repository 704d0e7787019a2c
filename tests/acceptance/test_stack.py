"""`swarm up`, `doctor` and the dashboard as a person uses them, with the real fleet."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import urllib.request
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from swarm_workers.clock import RealClock

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.redis, pytest.mark.postgres]


@pytest.fixture(scope="module")
def fleet(swarm: Any) -> dict[str, Any]:
    """The access to the dashboard of a fleet that is up."""
    access: dict[str, Any] = json.loads((swarm.home / "flower.json").read_text())
    return access


@pytest.fixture(scope="module")
def page(fleet: dict[str, Any], wait_until: Callable[..., None]) -> Callable[..., tuple[int, str]]:
    """Fetch a page of the dashboard, which comes up behind the rest: status and text."""

    def fetch(path: str, *, password: str | None = fleet["password"]) -> tuple[int, str]:
        request = urllib.request.Request(f"http://127.0.0.1:{fleet['port']}{path}")
        if password is not None:
            token = b64encode(f"swarm:{password}".encode()).decode()
            request.add_header("Authorization", f"Basic {token}")
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError:
            return 0, ""

    wait_until(lambda: fetch("/healthcheck")[0] == 200)
    return fetch


@pytest.fixture(scope="module")
def wait_until() -> Callable[..., None]:
    clock = RealClock()

    def wait(is_true: Callable[[], bool]) -> None:
        deadline = clock.monotonic() + 40
        while not is_true():
            assert clock.monotonic() < deadline, "it did not come true within 40 s"
            clock.sleep(0.05)

    return wait


def test_a_second_up_finds_everything_there_and_says_where_to_look(
    fleet: dict[str, Any], swarm: Any
) -> None:
    said = swarm.run("up")
    assert "worker       runs 2 attempts at once" in said
    assert f"http://127.0.0.1:{fleet['port']}" in said
    assert fleet["password"] not in said
    refused = swarm.refused("up", "--concurrency", "7")
    assert refused.startswith("swarm: the fleet runs 2 attempts at once: run `swarm down`")


def test_doctor_finds_a_fleet_well_that_is_up(
    swarm: Any, page: Callable[..., tuple[int, str]]
) -> None:
    done = swarm.result("doctor", "--json")
    found = {check["name"]: check for check in json.loads(done.stdout)}
    bad = {name: check for name, check in found.items() if not check["ok"]}
    assert set(bad) <= {"sandbox"}, bad  # a machine may have no isolation; the rest is ours
    assert done.returncode == (2 if bad else 0)
    assert re.search(r"fleet@\S+ answers", found["worker"]["detail"])


@pytest.mark.parametrize("path", ["/", "/workers", "/tasks", "/broker", "/api/workers"])
def test_the_dashboard_opens_to_its_password_only(
    page: Callable[..., tuple[int, str]], path: str
) -> None:
    assert page(path, password=None)[0] == 401
    assert page(path, password="guess")[0] == 401
    assert page(path)[0] == 200


def test_the_dashboard_lists_the_worker_and_tells_no_password_of_the_broker(
    page: Callable[..., tuple[int, str]], swarm: Any, wait_until: Callable[..., None]
) -> None:
    secret = json.loads((swarm.home / "valkey" / "endpoint.json").read_text())["password"]
    wait_until(lambda: "fleet@" in page("/api/workers?refresh=true")[1])
    texts = [page(path)[1] for path in ("/workers", "/tasks", "/broker", "/api/workers")]
    assert ">Attempt</th>" in texts[1]
    assert not any(secret in text for text in texts)


def test_no_password_stands_on_a_command_line(fleet: dict[str, Any], swarm: Any) -> None:
    home: Path = swarm.home
    passwords = [
        fleet["password"],
        *(json.loads((home / name / "endpoint.json").read_text())["password"]
          for name in ("valkey", "postgres")),
    ]  # fmt: skip
    lines = [_command_line(entry) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    assert any(str(home) in line for line in lines)
    assert not any(password in line for line in lines for password in passwords)


def _command_line(process: Path) -> str:
    try:
        return (process / "cmdline").read_text(errors="replace")
    except OSError:  # it ended meanwhile
        return ""


def test_bad_settings_are_one_line(tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "orchestrator.cli.main", "up"]
    env = {**os.environ, "SWARM_HOME": str(tmp_path), "SWARM_WORKER_PROCESSES": "many"}
    done = subprocess.run(argv, check=False, capture_output=True, text=True, env=env)
    assert done.returncode == 2
    assert done.stderr.startswith("swarm: SWARM_WORKER_PROCESSES cannot be used: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="every other test runs as an ordinary user already")
def test_an_ordinary_user_gets_the_servers_too(tmp_path_factory: pytest.TempPathFactory) -> None:
    command = _command_of_ordinary_user()
    folder = Path("/tmp") / f"swarm-ordinary-{os.getpid()}"  # pytest's own folders are 0700
    folder.mkdir(mode=0o700)
    shutil.chown(folder, user=12345, group=12345)
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "SWARM_EMBEDDED_FSYNC": "false"}
    env |= {"PYTHONPATH": f"{sysconfig.get_path('purelib')}:{ROOT}", "PYTHONDONTWRITEBYTECODE": "1"}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, "-m", "orchestrator.cli.main", *words],
            check=False, capture_output=True, text=True, env=env, cwd="/", timeout=60,
        )  # fmt: skip

    try:
        done = run("up", "--servers-only")
        assert done.returncode == 0, done.stderr
        home = folder / ".local" / "state" / "swarm"
        assert (home / "postgres" / "data").stat().st_uid == 12345
        assert run("down").stdout == "stopped valkey, postgres\n"
    finally:
        run("down")
        shutil.rmtree(folder)


def _command_of_ordinary_user() -> list[str]:
    """Return how to run Python as user 12345; skip where none can be reached by that user."""
    if shutil.which("setpriv") is None:
        pytest.skip("setpriv is not installed")
    prefix = ["setpriv", "--reuid=12345", "--regid=12345", "--clear-groups", "--"]
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for python in (str(Path(sys.executable).resolve()), f"/usr/bin/{version}"):
        probe = subprocess.run([*prefix, python, "-c", ""], check=False, capture_output=True)
        reads = subprocess.run([*prefix, "test", "-r", __file__], check=False)
        if probe.returncode == 0 and reads.returncode == 0:
            return [*prefix, python]
    pytest.skip("no Python of this version lies where another user may reach it")
