"""The Celery app: how messages are kept, acknowledged and handed out again.

Importing it reads no setting and opens no connection; both happen when the configuration is first
used. It knows tasks and upkeep by name only, so that whoever sends a message needs no worker code.
"""

from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

from celery import Celery
from click import ClickException
from pydantic import ValidationError

from swarm_workers.errors import ConfigurationError
from swarm_workers.settings import Settings
from tasks_schema.kinds import ExitCode
from tasks_schema.names import BROKER_KEY_PREFIX, QUEUE_ATTEMPTS

TASKS_PER_CHILD_MAX: Final = 2000
"""Attempts after which a child process is replaced: bounds what leaks beside memory.

A new one takes 0.2 s, and as long again for each sandbox that it warms up; the attempts of some
problems take no more than 10 ms.
"""
CHILD_MEMORY_KIB_MAX: Final = 400_000
"""Resident memory after which a child is replaced, looked at between attempts."""
SOFT_SHUTDOWN_SECONDS: Final = 10
"""How long running attempts may go on after a worker was told to end softly (SIGQUIT).

Celery waits this long whenever one runs, even if it ends early. What does not end is given back to
the queue at once and costs no more than its own time, so a longer wait buys little.
"""
CONNECT_SECONDS_MAX: Final = 5
"""The longest that opening a connection to Redis may take."""
REPLY_SECONDS_MAX: Final = 15
"""The longest that Redis may leave a command unanswered before the connection counts as dead."""


class BrokerUnknownError(ConfigurationError, ClickException):
    """The broker cannot be known from the settings.

    Celery's command line, which is built on click, shows a `ClickException` as one line and leaves
    with its exit code; everyone else sees a `ConfigurationError`.
    """

    exit_code = ExitCode.BAD_USE


class FleetApp(Celery):  # type: ignore[misc]  # Celery ships no types
    """A Celery app that reads its settings when they are first needed, and again if that failed."""

    def on_configure(self) -> None:
        """Take the configuration from the settings of this process.

        Raises:
            BrokerUnknownError: no broker is named, or a setting has no sense.
        """
        try:
            self.config_from_object(configuration(Settings()))
        except (ConfigurationError, ValidationError) as error:
            raise BrokerUnknownError(str(error)) from error


def configuration(settings: Settings) -> dict[str, Any]:
    """Return Celery's configuration, each choice with its reason.

    Raises:
        ConfigurationError: no Redis is named, and none is embedded.
    """
    return {
        "broker_url": broker_url(settings.require_redis_url()),
        "broker_transport_options": transport_options(settings.visibility_timeout_seconds),
        "broker_connection_timeout": CONNECT_SECONDS_MAX,
        # A worker outlives any outage of its broker.
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_channel_error_retry": True,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        # A message is gone only when its attempt has ended, however the process ends.
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        # A message that nobody works on stays in the queue, where all can take it and count it.
        "worker_prefetch_multiplier": 1,
        "worker_disable_prefetch": True,
        # Results go to Postgres, in the order of the outbox; the broker keeps none.
        "result_backend": None,
        "task_ignore_result": True,
        # What Flower shows is switched on by `-E`; a label per sending process would never end.
        "worker_send_task_events": False,
        "task_send_sent_event": False,
        "task_default_queue": QUEUE_ATTEMPTS,
        "task_serializer": "json",
        "accept_content": ["json"],
        "worker_disable_rate_limits": True,
        "worker_max_tasks_per_child": TASKS_PER_CHILD_MAX,
        "worker_max_memory_per_child": CHILD_MEMORY_KIB_MAX,
        "worker_soft_shutdown_timeout": SOFT_SHUTDOWN_SECONDS,
    }


def transport_options(visibility_timeout_seconds: int) -> dict[str, Any]:
    """Return how kombu talks to Redis.

    A lost message comes back after the visibility timeout plus one sweep. The sweep runs twelve
    times in that span and on every tick: kombu's own pace would be one in a hundred seconds. The
    lock of the sweep ends with the span too, so that a worker killed in it holds nobody up.
    """
    return {
        "global_keyprefix": BROKER_KEY_PREFIX,
        "visibility_timeout": visibility_timeout_seconds,
        "unacked_restore_interval": max(0.5, visibility_timeout_seconds / 12),
        "unacked_restore_throttle": 1,
        "unacked_mutex_expire": visibility_timeout_seconds,
        "socket_keepalive": True,
        "socket_connect_timeout": CONNECT_SECONDS_MAX,
        "socket_timeout": REPLY_SECONDS_MAX,
        "health_check_interval": 25,
    }


def broker_url(redis_url: str) -> str:
    """Return the URL by which kombu knows this Redis: it has a form of its own for sockets."""
    if not redis_url.startswith("unix://"):
        return redis_url
    parts = urlsplit(redis_url)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    query["virtual_host"] = query.pop("db", "0")
    return f"redis+socket://{parts.netloc}{parts.path}?{urlencode(query)}"


app: Final = FleetApp(
    "swarm_workers", include=["swarm_workers.tasks", "swarm_workers.upkeep.main_process"]
)
