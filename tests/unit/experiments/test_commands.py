"""The command that the report shows for a cell asks for that cell, and for nothing else."""

import shlex
from typing import Any

import pytest
import typer

from orchestrator.cli import experiment
from orchestrator.experiments.commands import cell_command, command_of
from orchestrator.experiments.plan import Cell, Size
from orchestrator.experiments.studies import Wanted, runs_of
from orchestrator.experiments.study import Study
from tasks_schema.kinds import Mode, Sharing
from tests.support.experiment_task import Digging


def wanted_by(command: str) -> Wanted:
    """Return what the command line makes of a command."""
    words = shlex.split(command)
    assert words[:3] == ["swarm", "experiment", "run"]
    group: Any = typer.main.get_command(experiment.app)
    with group.commands["run"].make_context("run", words[3:]) as context:
        typed = context.params
    return experiment._wanted(
        agents=typed["agents"],
        iterations=typed["iterations"],
        modes=typed["modes"],
        seeds=typed["seeds"],
        studies=tuple(typed["study"] or ()),
        instances=tuple(typed["instance"] or ()),
        sharing=typed["sharing"],
        round_trip_milliseconds=typed["round_trip"],
        sources=tuple(typed["source"] or ()),
        corpus=tuple(str(folder) for folder in typed["corpus"] or ()),
        quick=typed["quick"],
        at_once=typed["at_once"],
    )


ALL_CELLS = sorted({run.cell for run in runs_of(Digging(), Wanted(seeds=1))}, key=lambda c: c.key)


@pytest.mark.parametrize("cell", ALL_CELLS, ids=lambda cell: cell.key)
def test_every_cell_of_a_full_experiment_is_run_again_by_its_command(cell: Cell) -> None:
    runs = runs_of(Digging(), wanted_by(cell_command(cell, 3, {})))
    assert {run.cell for run in runs} == {cell}
    assert [run.seed for run in runs] == [1, 2, 3]


def test_a_cells_command_names_how_many_runs_were_under_way_together() -> None:
    usual = cell_command(ALL_CELLS[0], 3, {})
    assert cell_command(ALL_CELLS[0], 3, {"at_once": 4}) == f"{usual} --at-once 4"


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(),
        Wanted(is_quick=True, seeds=2),
        Wanted(studies=(Study.SWEEP, Study.ABLATION), agents=3, iterations=7),
        Wanted(modes=(Mode.PARALLEL, Mode.SWARM), instances=("a b", "c"), round_trip_seconds=0.005),
        Wanted(sharing=Sharing.EXPLORED),
        Wanted(sources=("https://example.org/a?b=c d", "https://example.org/e"), corpus=("notes",)),
        Wanted(at_once=4),
    ],
    ids=str,
)
def test_the_command_of_an_experiment_asks_for_the_same_again(wanted: Wanted) -> None:
    assert wanted_by(command_of("digging", wanted)) == wanted


def test_a_folder_is_named_without_its_place_on_this_machine() -> None:
    command = command_of("research", Wanted(corpus=("/srv/ada/my notes",)))
    assert command == "swarm experiment run research --corpus 'my notes'"


SPEC = {"sources": ["https://example.org/a"], "corpus": ["notes"], "at_once": 4}


def test_a_cell_is_run_again_with_what_was_read_and_with_as_many_runs_beside() -> None:
    cell = Cell("research", "wide", Mode.SWARM, Size(8, 12))
    wanted = wanted_by(cell_command(cell, 3, SPEC))
    assert (wanted.sources, wanted.corpus) == (("https://example.org/a",), ("notes",))
    assert wanted.at_once == 4


def test_a_cell_of_a_task_that_reads_nothing_names_no_documents() -> None:
    wanted = wanted_by(cell_command(Cell("sudoku", "x", Mode.SWARM, Size(8, 12)), 3, SPEC))
    assert not wanted.sources
    assert not wanted.corpus
