"""The dashboard: on the loopback interface, behind a password that no command line shows."""

import urllib.error
import urllib.request
from base64 import b64encode
from importlib.util import find_spec

from orchestrator.settings import OrchestratorSettings
from orchestrator.stack.endpoint import HOST, Endpoint, load_endpoint, settle_endpoint
from orchestrator.stack.processes import ProcessIdentity, is_alive

NAME = "flower"
USER = "swarm"
FILE = "flower.json"
"""In the state folder: port and password, for the owner alone."""
TASKS_MAX = 20_000
"""Attempts that the dashboard remembers, at about 5 kB each."""
OFFLINE_SECONDS = 600
"""After how long a worker that is gone leaves the list."""
_PROBE_SECONDS = 2.0


def settle_access(settings: OrchestratorSettings, *, own: ProcessIdentity | None) -> Endpoint:
    """Return port and password of the dashboard: those it has, if the process `own` still runs."""
    file = settings.home / FILE
    if is_alive(own) and file.exists():
        return load_endpoint(file)
    return settle_endpoint(file)


def url(settings: OrchestratorSettings) -> str:
    """Return where the dashboard is, without its password."""
    return f"http://{HOST}:{load_endpoint(settings.home / FILE).port}"


def flags(access: Endpoint) -> tuple[str, ...]:
    """Return the arguments of `celery … flower`."""
    configuration = find_spec("orchestrator.stack.flowerconfig")
    assert configuration is not None, "the configuration is a module of this package"
    return (
        f"--conf={configuration.origin}", f"--address={HOST}", f"--port={access.port}",
        f"--max_tasks={TASKS_MAX}", f"--purge_offline_workers={OFFLINE_SECONDS}",
    )  # fmt: skip


def environment(access: Endpoint) -> dict[str, str]:
    """Return the variables of Flower, the credentials among them.

    An API without authentication lets any web page that the operator visits queue a task: it stays
    off even where the caller's environment says otherwise.
    """
    return {
        "FLOWER_BASIC_AUTH": f"{USER}:{access.secret}",
        "FLOWER_UNAUTHENTICATED_API": "false",
    }


def status(access: Endpoint, path: str = "/workers", *, with_credentials: bool = True) -> int:
    """Return the HTTP status that the dashboard answers with; 0 if nobody does. Blocks <= 2 s."""
    request = urllib.request.Request(f"http://{HOST}:{access.port}{path}")
    if with_credentials:
        token = b64encode(f"{USER}:{access.secret}".encode()).decode()
        request.add_header("Authorization", f"Basic {token}")
    try:
        # The loopback interface is reached directly, whatever proxy the environment names.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=_PROBE_SECONDS) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    except OSError:
        return 0
