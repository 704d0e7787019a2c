"""What a worker's main process does beside handing out attempts: when it starts, and when it ends.

Celery imports this module by name when it starts a worker, and calls what is connected below.
"""

import atexit
import os
import sys
from typing import Any, Final, NoReturn

from celery.signals import celeryd_init, worker_ready, worker_shutting_down
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from swarm_workers.clock import RealClock
from swarm_workers.coordination.wake import take_hints, wake_refill
from swarm_workers.errors import ConfigurationError
from swarm_workers.reporting import writer
from swarm_workers.reporting.failures import translate_redis_errors
from swarm_workers.reporting.flush import Flush
from swarm_workers.settings import Settings
from swarm_workers.upkeep import broker_guard
from swarm_workers.upkeep.announcement import Announcement
from swarm_workers.upkeep.days import DayKeeper
from swarm_workers.upkeep.loop import Loop
from swarm_workers.upkeep.ready_file import ReadyFile
from swarm_workers.upkeep.renewal import RENEWALS_PER_TIMEOUT, LeaseRenewal
from tasks_schema.kinds import ExitCode
from tasks_schema.names import KEY_REPORTED

REPLY_SECONDS_MAX: Final = 5
"""The longest that Redis may leave a command of the upkeep unanswered."""
DRAIN_SECONDS_MAX: Final = 5
"""The longest that a worker that ends goes on writing reports; the rest is left to others."""
FLUSH_PAUSE_SECONDS: Final = 0.01
"""After a batch: what comes meanwhile goes into the next one, which costs hardly more."""
CHILD_CHECK_SECONDS: Final = 1.0
"""How often Celery is made to look for children that died.

It is told of a death at once, but mostly too early to find the child gone, and looks again after
5 s: a lost attempt would wait that long, and so would the queue whenever a child is replaced.
"""


class Upkeep:
    """The duties of one main process."""

    def __init__(self, settings: Settings, hostname: str, slots: int) -> None:
        """Prepare the duties of the worker with this node name; opens no connection.

        Args:
            settings: of this process.
            hostname: Celery's node name, for example `celery@box`.
            slots: attempts that this worker runs at once.
        """
        self._process_id = os.getpid()
        self._clock = RealClock()
        self._settings = settings
        self._ready_file = ReadyFile(settings.home, hostname)
        self._lease_redis = _redis(settings)
        self._renewal = LeaseRenewal(self._lease_redis, self._clock)
        self._announcement = Announcement(
            self._lease_redis, self._clock, hostname=hostname, slots=slots
        )
        self._is_draining = False
        self._flush_redis = _redis(settings)
        self._engine = writer.connect(settings.require_database_url())
        days = DayKeeper(self._engine, self._clock, results_days=settings.results_days)
        self._flush = Flush(
            self._flush_redis,
            self._engine,
            reader=hostname,
            batch_max=settings.outbox_batch_max,
            on_written=lambda swarms: wake_refill(self._flush_redis, *swarms),
        )
        self._loops = (
            Loop("lease renewal", self._renew, self._withdraw),
            Loop("outbox flush", self._flush_step, self._flush_rest),
            Loop("days", days.step),
        )

    def start(self) -> None:
        """Start all duties and say that this worker is ready."""
        for loop in self._loops:
            loop.start()
        self._ready_file.create(self._process_id)

    def drain(self) -> None:
        """Say that this worker takes no more, while it ends what it runs. For signal handlers."""
        self._is_draining = True
        self._ready_file.remove()

    def stop(self) -> None:
        """End all duties; what waits in the outbox is written first. Blocks for seconds at most.

        Does nothing in a child, which inherits its parent's exit handlers.
        """
        if os.getpid() != self._process_id:
            return
        self.drain()
        for loop in self._loops:
            loop.stop(DRAIN_SECONDS_MAX + REPLY_SECONDS_MAX)
        self._lease_redis.close()
        self._flush_redis.close()
        self._engine.dispose()

    def _renew(self) -> float:
        # The sign of life is the worker's own: it is given also when Redis is away.
        self._ready_file.touch()
        with translate_redis_errors(self._lease_redis):
            self._renewal.renew()
            if self._is_draining:
                self._announcement.withdraw()
            else:
                self._announcement.say()
        return self._settings.visibility_timeout_seconds / RENEWALS_PER_TIMEOUT

    def _withdraw(self) -> None:
        with translate_redis_errors(self._lease_redis):
            self._announcement.withdraw()

    def _flush_step(self) -> float:
        self._flush.claim_when_due(self._clock)
        size = self._flush.step()
        if size >= self._settings.outbox_batch_max:
            return 0
        if size:
            return FLUSH_PAUSE_SECONDS
        with translate_redis_errors(self._flush_redis):
            take_hints(self._flush_redis, KEY_REPORTED, self._settings.outbox_poll_seconds)
        return 0

    def _flush_rest(self) -> None:
        self._flush.drain(self._clock, DRAIN_SECONDS_MAX)


_running: dict[str, Upkeep] = {}
"""By node name: Celery announces a worker as ready again after each loss of its broker."""


@celeryd_init.connect  # type: ignore[untyped-decorator]  # Celery ships no types
def prepare(**_: Any) -> None:
    """Guard the broker before the first channel is opened, and end now if there is no Postgres."""
    broker_guard.install()
    try:
        Settings().require_database_url()
    except ConfigurationError as error:
        _refuse(error)


@worker_ready.connect  # type: ignore[untyped-decorator]
def start(sender: Any, **_: Any) -> None:
    """Start the upkeep, once.

    It ends with the process and not on a signal of Celery's, because a worker that ends softly or
    coldly sends none, and because renewal must go on until the last attempt is settled.
    """
    hostname: str = sender.hostname
    if hostname in _running:
        return
    if sender.hub is not None:
        sender.hub.call_repeatedly(CHILD_CHECK_SECONDS, sender.pool.maintain_pool)
    slots: int = sender.controller.concurrency
    _running[hostname] = upkeep = Upkeep(Settings(), hostname, slots)
    atexit.register(upkeep.stop)
    try:
        upkeep.start()
    except OSError as error:
        _refuse(error)


@worker_shutting_down.connect  # type: ignore[untyped-decorator]
def say_not_ready(sender: str, **_: Any) -> None:
    """Say so as soon as the worker begins to drain. Runs in a signal handler."""
    if sender in _running:
        _running[sender].drain()


def _refuse(error: Exception) -> NoReturn:
    """End the worker: Celery only logs what a handler raises, unless it is a SystemExit."""
    sys.stderr.write(f"this worker cannot work: {error}\n")
    raise SystemExit(ExitCode.BAD_USE) from error


def _redis(settings: Settings) -> Redis:
    """Return a connection for one thread that fails soon rather than waiting long."""
    return Redis.from_url(
        settings.require_redis_url(),
        socket_timeout=REPLY_SECONDS_MAX,
        socket_connect_timeout=REPLY_SECONDS_MAX,
        retry=Retry(NoBackoff(), 1),
    )
