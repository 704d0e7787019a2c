"""Real servers for the tests that ask for them, and what each marker needs.

Valkey and Postgres are started by the project's own supervisor code under a temporary folder, at
the first test that asks, and stopped by their pid at the end. A test that names a fixture gets its
marker. What a machine lacks makes a test skip with the reason; where `CI` is set, it makes it fail.
"""

import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Generator, Iterator
from functools import cache
from pathlib import Path

import hypothesis
import psycopg
import pytest
from psycopg import sql

from orchestrator.settings import OrchestratorSettings
from orchestrator.stack import postgres, valkey
from orchestrator.stack.database import migrate
from orchestrator.stack.processes import ProcessIdentity, stop

_STOP_SECONDS_MAX = 10
_NUMBERS = itertools.count(1)
_FIXTURE_MARKERS = {"redis_url": "redis", "database_url": "postgres", "database": "postgres"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--run-soak", action="store_true", help="run the tests marked soak as well")


def pytest_configure(config: pytest.Config) -> None:
    """Keep the tests away from the servers and the state folder of whoever runs them.

    Hypothesis judges no time, and takes the same examples in every run; a soak looks for others.
    """
    hypothesis.settings.register_profile(
        "suite",
        deadline=None,
        derandomize=not config.getoption("--run-soak"),
        database=None,
        print_blob=True,
        suppress_health_check=[hypothesis.HealthCheck.too_slow],
    )
    hypothesis.settings.load_profile("suite")
    for name in list(os.environ):
        if name.startswith("SWARM_") and not name.startswith("SWARM_TEST_"):
            del os.environ[name]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        for fixture, marker in _FIXTURE_MARKERS.items():
            if fixture in getattr(item, "fixturenames", ()):
                item.add_marker(marker)
    if config.getoption("--run-soak") or os.environ.get("SWARM_TEST_SOAK"):
        return
    soaking = [item for item in items if item.get_closest_marker("soak")]
    if soaking:
        config.hook.pytest_deselected(items=soaking)
        items[:] = [item for item in items if not item.get_closest_marker("soak")]


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("network") and not _is_index_reachable():
        reason = "no package index answers `pip index versions`"
        if os.environ.get("SWARM_TEST_OFFLINE"):
            pytest.skip(reason)
        _skip_or_fail(reason)
    if item.get_closest_marker("sandbox") and (reason := _sandbox_refusal()):
        _skip_or_fail(reason)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Write what was captured as UTF-8, which is all that the processes of a run can exchange."""
    report = yield
    report.sections = [
        (name, text.encode(errors="backslashreplace").decode()) for name, text in report.sections
    ]
    return report


@pytest.fixture(scope="session")
def settings_of_servers(tmp_path_factory: pytest.TempPathFactory) -> OrchestratorSettings:
    """Settings whose state folder holds the throw-away servers of this session."""
    home = tmp_path_factory.mktemp("servers")
    (home / "logs").mkdir()
    return OrchestratorSettings(home=home, embedded_fsync=False)


@pytest.fixture(scope="session")
def redis_url(settings_of_servers: OrchestratorSettings) -> Iterator[str]:
    """URL, with its password, of an empty Valkey. Shared: keep to keys of your own."""
    server = valkey.start(settings_of_servers)
    yield valkey.url(settings_of_servers)
    _end(server, signal.SIGKILL)


@pytest.fixture(scope="session")
def database_url(settings_of_servers: OrchestratorSettings) -> Iterator[str]:
    """URL, with its password, of an empty database. Shared: better ask for `database`."""
    server = postgres.start(settings_of_servers)
    yield postgres.url(settings_of_servers)
    _end(server, signal.SIGQUIT)


@pytest.fixture(scope="session")
def template_database(database_url: str) -> str:
    """Name of a migrated database from which the others are copied."""
    name = "template_swarm"
    with _admin(database_url) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    migrate(_renamed(database_url, name))
    return name


@pytest.fixture
def database(database_url: str, template_database: str) -> Iterator[str]:
    """URL of a fresh database of this test's own, with the current schema."""
    name = f"test_{next(_NUMBERS)}"
    copy = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
    with _admin(database_url) as connection:
        connection.execute(copy.format(sql.Identifier(name), sql.Identifier(template_database)))
    yield _renamed(database_url, name)
    with _admin(database_url) as connection:
        drop = sql.SQL("DROP DATABASE {} WITH (FORCE)")
        connection.execute(drop.format(sql.Identifier(name)))


def _admin(url: str) -> psycopg.Connection:
    return psycopg.connect(url, autocommit=True)


def _renamed(url: str, name: str) -> str:
    return f"{url.rpartition('/')[0]}/{name}"


def _end(server: ProcessIdentity, signal_number: int) -> None:
    stop(server, signal_number=signal_number, seconds_max=_STOP_SECONDS_MAX)


def _skip_or_fail(reason: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(f"{reason}, and CI is set", pytrace=False)
    pytest.skip(reason)


@cache
def _is_index_reachable() -> bool:
    argv = [sys.executable, "-m", "pip", "--disable-pip-version-check", "index", "versions"]
    argv += ["--retries", "0", "--timeout", "5", "iniconfig"]
    return _run(argv).returncode == 0


@cache
def _sandbox_refusal() -> str:
    probe = _run([sys.executable, "-m", "swarm_workers.sandbox.probe"])
    return "" if probe.returncode == 0 else (probe.stdout or probe.stderr).strip()[-300:]


def _run(argv: list[str]) -> subprocess.CompletedProcess[str]:
    root = Path(__file__).resolve().parent.parent
    return subprocess.run(argv, check=False, capture_output=True, text=True, cwd=root, timeout=60)
