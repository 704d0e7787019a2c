"""Times that commands print are of UTC, and say so, whatever the time zone of Postgres."""

import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from sqlalchemy import insert, update

from tasks_schema.tables.rollups import MINUTE_ROLLUPS
from tasks_schema.tables.source import LANDINGS
from tests.integration.queries.conftest import Past

MOMENT = datetime(2026, 7, 1, 12, 5, 7, tzinfo=UTC)
COUNTS = ("attempts", "landed", "failed", "cancelled", "candidates", "operations_spent")


@pytest.mark.parametrize(
    ("words", "printed"),
    [
        (["progress"], "2026-07-01T12:05Z"),
        (["history", "pkg.auth.check"], "landing 0  2026-07-01 12:05:07Z  import"),
        (["lineage", "pkg.auth.check"], "2026-07-01 12:05:07Z  unknown  landing 0"),
    ],
)
def test_a_time_is_printed_as_of_utc(past: Past, words: list[str], printed: str) -> None:
    minute = {"swarm_id": "mend-1", "minute": MOMENT.replace(second=0), "seconds": 0.0}
    with past.engine.begin() as connection:
        connection.execute(insert(MINUTE_ROLLUPS).values(minute | dict.fromkeys(COUNTS, 0)))
        connection.execute(update(LANDINGS).values(landed_at=MOMENT))
    url = past.engine.url.set(drivername="postgresql")
    done = subprocess.run(
        [sys.executable, "-m", "orchestrator.cli.main", *words],
        check=True,
        capture_output=True,
        text=True,
        env={
            **os.environ,
            "SWARM_DATABASE_URL": url.render_as_string(hide_password=False),
            "SWARM_REDIS_URL": "redis://127.0.0.1:1/0",  # nobody asks it
            "PGTZ": "Europe/Berlin",
        },
        timeout=60,
    )
    assert printed in done.stdout
