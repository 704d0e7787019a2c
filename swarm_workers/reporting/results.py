"""Each test's own outcome, as rows of the day."""

from collections.abc import Sequence
from datetime import datetime

from psycopg import sql
from sqlalchemy import Connection

from tasks_schema.messages.attempt import AttemptReport
from tasks_schema.tables.attempts import TEST_RESULTS

_COLUMNS = ("attempt_id", "test", "reported_at", "outcome", "seconds", "message")


def copy_results(connection: Connection, reports: Sequence[AttemptReport], now: datetime) -> None:
    """Write the outcomes of all tests of reports that are new. Blocks.

    A test that one report names twice counts as it ended first.

    Args:
        connection: in the transaction that made the reports' attempts count.
        reports: none of them may have been written before.
        now: the instant at which they were reported.
    """
    columns = sql.SQL(", ").join(map(sql.Identifier, _COLUMNS))
    table = sql.Identifier(TEST_RESULTS.name)
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(table, columns)
    driver = connection.connection.driver_connection
    assert driver is not None, "the connection is closed"
    if not any(report.tests for report in reports):
        return
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        for report in reports:
            first = {test.test: test for test in reversed(report.tests)}
            for test in first.values():
                copy.write_row(
                    (
                        report.attempt_id,
                        test.test,
                        now,
                        test.outcome.value,
                        test.seconds,
                        test.message,
                    )
                )
