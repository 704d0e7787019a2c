"""Where an experiment takes place: which machine, which versions. It names no host and no path."""

import os
import platform
from importlib.metadata import version
from typing import Any

from sqlalchemy import text

from orchestrator.experiments.program import program_digest
from orchestrator.launch.capacity import live_slots
from orchestrator.launch.parts import Parts

_PACKAGES = ("swarm-fleet", "celery", "redis", "sqlalchemy", "psycopg", "msgspec", "numpy")


def machine_of(parts: Parts) -> dict[str, Any]:
    """Return what the figures in seconds depend on."""
    return {
        "processors": os.cpu_count(),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "architecture": platform.machine(),
        "kernel": platform.release().partition("-")[0],
        "attempts_at_once": live_slots(parts.client),
        "redis_over": "loopback" if _is_local(parts) else "network",
    }


def versions_of(parts: Parts) -> dict[str, str]:
    """Return what ran: this program, Python, packages and servers."""
    redis: dict[str, Any] = parts.client.info("server")
    server = "valkey" if "valkey_version" in redis else "redis"
    with parts.engine.begin() as connection:
        postgres = str(connection.execute(text("SHOW server_version")).scalar_one())
    return {
        "python": platform.python_version(),
        **{name: version(name) for name in _PACKAGES},
        "source_digest": program_digest(),
        server: str(redis[f"{server}_version"]),
        "postgres": postgres.partition(" ")[0],
    }


def _is_local(parts: Parts) -> bool:
    kwargs = parts.client.connection_pool.connection_kwargs
    return "path" in kwargs or kwargs.get("host") in ("127.0.0.1", "localhost", "::1")
