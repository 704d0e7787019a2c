"""The leaderboard from the sums, beside counting the attempts with the best index there is."""

from sqlalchemy import Connection, Engine, text

from orchestrator.bench.report import Report
from orchestrator.bench.source.rounds import at_least, in_turns
from orchestrator.queries.rollups import leaderboard

ROLLUP_MIN = 100.0
_AGENTS = 1000
_SWARM = "swarm-0"
_SWARMS = 20
"""One has half of all rows, as a busy one does; the others share the rest."""
_ROWS = f"""
    SELECT CASE WHEN i % 2 = 0 THEN '{_SWARM}' ELSE 'swarm-' || (1 + i % {_SWARMS - 1}) END
            AS swarm_id,
        'search-' || lpad(((i * 7919::bigint) % {_AGENTS})::text, 4, '0') AS agent_id,
        CASE WHEN hashint4(i) % 50 = 0 THEN 'landed' ELSE 'finished' END AS status,
        1 + abs(hashint4(i + 1)) % 4000 AS candidates,
        1 + abs(hashint4(i + 2)) % 4000 AS operations_spent,
        abs(hashint4(i + 3)) % 10000 / 100.0::float AS seconds,
        timestamptz '2026-01-01' + i * interval '1 ms' AS reported_at
    FROM generate_series(1, :rows) AS i
"""  # noqa: S608 - all that is put in stands above
_COUNTED = """
    SELECT agent_id, count(*) AS attempts, count(*) FILTER (WHERE status = 'landed') AS landed,
        sum(candidates) AS candidates, sum(operations_spent) AS operations_spent,
        sum(seconds) AS seconds, max(reported_at) AS reported_at
    FROM bench_attempts WHERE swarm_id = :swarm GROUP BY agent_id
"""

_SUMS = f"""
    INSERT INTO agent_rollups SELECT :swarm, agent_id, attempts, landed, 0, 0, candidates,
        operations_spent, seconds, reported_at FROM ({_COUNTED}) AS counted
"""  # noqa: S608 - as above


def measure_standings(engine: Engine, *, attempts: int, rounds: int) -> Report:
    """Return how long one leaderboard takes from the sums and from the attempts. Blocks.

    Args:
        engine: on a database with the current schema.
        attempts: how many rows.
        rounds: how often each way.
    """
    with engine.begin() as connection:
        _fill(connection, attempts)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE bench_attempts, agent_rollups"))
    best = text(f"{_COUNTED} ORDER BY landed DESC, seconds, agent_id LIMIT 20").bindparams(
        swarm=_SWARM
    )
    with engine.connect() as connection:
        ours = [row.agent_id for row in leaderboard(connection, _SWARM, 20)]
        is_equal = ours == [row.agent_id for row in connection.execute(best)]
        taken = in_turns(
            {
                "ten times from the sums": lambda: [
                    leaderboard(connection, _SWARM, 20) for _ in range(10)
                ],
                "from the attempts, by a covering index": lambda: connection.execute(best).all(),
            },
            rounds,
        )
    ratio = 10 * taken.ratio("from the attempts, by a covering index", "ten times from the sums")
    rows = taken.rows("leaderboard", attempts=attempts, agents=_AGENTS, is_equal=is_equal)
    name = "leaderboard from the sums, beside an indexed scan"
    return Report(tuple(rows), (at_least(name, ratio, ROLLUP_MIN, "times as fast"),))


def _fill(connection: Connection, attempts: int) -> None:
    """Make the attempts in a table of just the columns that counting needs, and their sums."""
    connection.execute(
        text(f"CREATE UNLOGGED TABLE bench_attempts AS {_ROWS}").bindparams(rows=attempts)
    )
    connection.execute(
        text(
            "CREATE INDEX ON bench_attempts (swarm_id, agent_id)"
            " INCLUDE (status, candidates, operations_spent, seconds, reported_at)"
        )
    )
    connection.execute(
        text(
            "INSERT INTO swarms (swarm_id, spec, status)"
            " SELECT DISTINCT swarm_id, '{}'::jsonb, 'running' FROM bench_attempts"
        )
    )
    for number in range(_SWARMS):
        connection.execute(text(_SUMS), {"swarm": f"swarm-{number}"})
