"""`swarm experiment …`: does shared state help? Runs on the fleet, and the report of them.

What they do is loaded inside each, so that `swarm --help` stays quick.
"""

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.stack import read_settings
from orchestrator.experiments.study import AT_ONCE, Study
from tasks_schema.kinds import ExitCode, Mode, Sharing

if TYPE_CHECKING:
    from orchestrator.experiments.studies import Wanted

app = typer.Typer(help="Does shared state help? Run and report.", no_args_is_help=True)

_INTERRUPTED = 128 + signal.SIGINT
"""The exit status by which a shell knows Ctrl-C."""


TaskArgument = Annotated[
    str, typer.Argument(help="optimization, sudoku, research, failures, or all of them.")
]
Agents = Annotated[int | None, typer.Option(help="Agents of a swarm; default: the task's own.")]
Iterations = Annotated[
    int | None, typer.Option(help="Turns of each agent; default: the task's own.")
]
Modes = Annotated[str, typer.Option(help="Modes to compare, with commas between.")]
Seeds = Annotated[
    int | None, typer.Option(help="Runs of each cell; default: 20, or 3 with --quick.")
]
Studies = Annotated[
    list[Study] | None,
    typer.Option(help="What to vary; repeatable; default: all, or comparison with --quick."),
]
Instances = Annotated[
    list[str] | None, typer.Option(help="Instance of the task; repeatable; default: all.")
]
Shared = Annotated[Sharing, typer.Option(help="What a swarm shares.")]
RoundTrip = Annotated[
    float, typer.Option(help="Emulated milliseconds to the shared state and back.")
]
Sources = Annotated[
    list[str] | None, typer.Option(help="URL that researchers read as well; repeatable.")
]
Corpus = Annotated[
    list[Path] | None,
    typer.Option(help="Folder of documents that they read as well; repeatable."),
]
Quick = Annotated[bool, typer.Option("--quick", help="Small runs, under a minute.")]
AtOnce = Annotated[int, typer.Option(min=1, max=32, help="Runs that are under way together.")]
Name = Annotated[
    str | None, typer.Option("--id", help="Go on with this experiment, or call it so.")
]
JsonFile = Annotated[Path | None, typer.Option("--json", help="Write all runs to this file.")]


@app.callback()
def experiment() -> None:
    """Does shared state help? Run and report."""


@app.command()
def run(  # noqa: PLR0913 - one parameter an option
    task: TaskArgument,
    *,
    agents: Agents = None,
    iterations: Iterations = None,
    modes: Modes = "single,parallel,swarm",
    seeds: Seeds = None,
    study: Studies = None,
    instance: Instances = None,
    sharing: Shared = Sharing.BOTH,
    round_trip: RoundTrip = 0.0,
    source: Sources = None,
    corpus: Corpus = None,
    quick: Quick = False,
    at_once: AtOnce = AT_ONCE,
    experiment_id: Name = None,
    json: JsonFile = None,
) -> None:
    """Run a task in all modes, on the fleet.

    Whatever is done is kept: the same command with --id goes on where it was interrupted.
    """
    from orchestrator.cli.runs import RunsDisplay  # noqa: PLC0415
    from orchestrator.experiments.conducting import conduct  # noqa: PLC0415
    from orchestrator.experiments.summary import as_json, as_table  # noqa: PLC0415
    from orchestrator.launch.parts import connect  # noqa: PLC0415
    from orchestrator.stack.services import ensure_up  # noqa: PLC0415

    wanted = _wanted(
        agents=agents,
        iterations=iterations,
        modes=modes,
        seeds=seeds,
        studies=tuple(study or ()),
        instances=tuple(instance or ()),
        sharing=sharing,
        round_trip_milliseconds=round_trip,
        sources=tuple(source or ()),
        corpus=tuple(str(folder.expanduser().resolve()) for folder in corpus or ()),
        quick=quick,
        at_once=at_once,
    )
    if json is not None:
        json.touch()  # what cannot be written is to be found out now, not in an hour
    ensure_up(read_settings())
    parts = connect(read_settings())
    display = RunsDisplay()
    try:
        with display:
            done = conduct(parts, task, wanted, experiment_id=experiment_id, show=display)
    except KeyboardInterrupt:
        display.interrupted()
        raise typer.Exit(_INTERRUPTED) from None
    if json is not None:
        json.write_text(as_json(done.experiment, done.rows, done.trials))
    sys.stdout.write(as_table(done.experiment, done.rows, done.trials))
    if done.progress.failed:
        raise typer.Exit(ExitCode.UNSOLVED)


@app.command()
def report(
    experiment_id: Annotated[
        str | None,
        typer.Argument(metavar="[EXPERIMENT]", help="Id of an experiment; default: the newest."),
    ] = None,
    *,
    output: Annotated[Path, typer.Option(help="Folder for the page and its plots.")] = Path(
        "docs/results"
    ),
) -> None:
    """Write the results of an experiment as a page with tables and plots."""
    from orchestrator.experiments.records import resolve_experiment  # noqa: PLC0415
    from orchestrator.experiments.report.page import PAGE, write_page  # noqa: PLC0415
    from orchestrator.experiments.report.replacing import replaced_experiment  # noqa: PLC0415
    from orchestrator.launch.parts import connect  # noqa: PLC0415

    parts = connect(read_settings())
    with parts.engine.begin() as connection:
        chosen = resolve_experiment(connection, experiment_id)
    replaced = replaced_experiment(output / PAGE, chosen)
    page = write_page(parts, chosen, output)
    if replaced is not None:
        sys.stderr.write(f"note: the page of '{replaced}' was replaced by that of '{chosen}'\n")
    sys.stdout.write(f"{page}\n")


@app.command()
def answer(
    swarm_id: Annotated[
        str | None,
        typer.Argument(
            metavar="[SWARM]", help="Id of a research or Sudoku swarm; default: the newest."
        ),
    ] = None,
) -> None:
    """Print what a swarm found out: a report, each sentence with its sources, or a Sudoku grid.

    A swarm that is under way is waited for.
    """
    from orchestrator.experiments.answering import await_answer  # noqa: PLC0415
    from orchestrator.launch.parts import connect  # noqa: PLC0415

    sys.stdout.write(await_answer(connect(read_settings()), swarm_id))


def _wanted(  # noqa: PLR0913 - one parameter an option
    *,
    agents: int | None,
    iterations: int | None,
    modes: str,
    seeds: int | None,
    studies: tuple[Study, ...],
    instances: tuple[str, ...],
    sharing: Sharing,
    round_trip_milliseconds: float,
    sources: tuple[str, ...],
    corpus: tuple[str, ...],
    quick: bool,
    at_once: int,
) -> "Wanted":
    """Return what was typed, checked."""
    from orchestrator.errors import UsageError  # noqa: PLC0415
    from orchestrator.experiments.studies import Wanted  # noqa: PLC0415

    if not 0 <= round_trip_milliseconds <= 1000:
        raise UsageError(
            f"--round-trip {round_trip_milliseconds:g} is out of range; give 0 to 1000"
        )
    return Wanted(
        agents=agents,
        iterations=iterations,
        modes=_modes(modes),
        seeds=seeds,
        instances=instances,
        sharing=sharing,
        round_trip_seconds=round_trip_milliseconds / 1000,
        studies=studies or None,
        is_quick=quick,
        sources=sources,
        corpus=corpus,
        at_once=at_once,
    )


def _modes(text: str) -> tuple[Mode, ...]:
    from orchestrator.errors import UsageError  # noqa: PLC0415

    known = [mode.value for mode in Mode]
    words = [word.strip() for word in text.split(",")]
    for word in words:
        if word not in known:
            raise UsageError(f"there is no mode '{word}'; choose from {','.join(known)}")
    return tuple(Mode(word) for word in dict.fromkeys(words))
