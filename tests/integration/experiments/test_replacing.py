"""A page of results is replaced by that of another experiment only where that one is named."""

from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, make_url

from orchestrator.errors import UsageError
from orchestrator.experiments import records
from orchestrator.experiments.report.replacing import chosen_experiment
from orchestrator.experiments.rows import Experiment


@pytest.fixture
def connection(database: str):
    engine = create_engine(make_url(database).set(drivername="postgresql+psycopg"))
    for name in ("full", "one-cell"):  # each in a transaction of its own: it is later
        with engine.begin() as connection:
            records.record_experiment(connection, Experiment(name, {}, {}, {}, "swarm"), ())
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def page_of(experiment: str, folder: Path) -> Path:
    page = folder / "SWARM_RESULTS.md"
    page.write_text(f"# Results\n\n12 runs; experiment `{experiment}`, begun on 1 May 2026.\n")
    return page


def test_the_newest_is_written_where_nothing_is_or_its_own_page(
    connection: Connection, tmp_path: Path
) -> None:
    assert chosen_experiment(connection, None, tmp_path / "SWARM_RESULTS.md") == "one-cell"
    assert chosen_experiment(connection, None, page_of("one-cell", tmp_path)) == "one-cell"


def test_the_newest_replaces_no_page_of_another_unless_it_is_named(
    connection: Connection, tmp_path: Path
) -> None:
    page = page_of("full", tmp_path)
    with pytest.raises(UsageError, match="tells of experiment 'full', and the newest is 'one-c"):
        chosen_experiment(connection, None, page)
    assert chosen_experiment(connection, "one-cell", page) == "one-cell"
    assert chosen_experiment(connection, "full", page) == "full"


def test_a_file_that_is_no_such_page_is_not_replaced_unasked(
    connection: Connection, tmp_path: Path
) -> None:
    page = tmp_path / "SWARM_RESULTS.md"
    page.write_text("a letter\n")
    with pytest.raises(UsageError, match="tells of no experiment"):
        chosen_experiment(connection, None, page)
