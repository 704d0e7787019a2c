"""`swarm bench …`: figures taken on this machine, against the bars they are promised to hold."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from orchestrator.bench.report import Report

app = typer.Typer(help="Measure this machine against the bars.", no_args_is_help=True)
Quick = Annotated[bool, typer.Option("--quick", help="Shorter runs, the same bars.")]
JsonFile = Annotated[Path | None, typer.Option("--json", help="Write the report to this file.")]
OtherServer = Annotated[
    str, typer.Option("--url", help="Measure on this Redis instead of one started for it.")
]

OtherDatabase = Annotated[
    str, typer.Option("--url", help="Measure on this Postgres instead of one started for it.")
]


@app.callback()
def bench() -> None:
    """Measure this machine against the bars."""


@app.command()
def search(*, quick: Quick = False, json: JsonFile = None) -> None:
    """Candidates judged a second and core, in the sandbox."""
    from orchestrator.bench.report import Bar, Report  # noqa: PLC0415
    from swarm_workers.bench.search import measure  # noqa: PLC0415

    rates = list(measure(slices=5 if quick else 15))
    best = rates[0].per_second
    rows = tuple({"way": rate.way, "candidates_per_second": rate.per_second} for rate in rates)
    bar = Bar("candidates a second and core", ">= 100", best, best >= 100)
    _show(Report(rows, (bar,)), json)


@app.command()
def launch(*, quick: Quick = False, json: JsonFile = None) -> None:
    """Seconds from a launch to its first attempt, stack up."""
    from orchestrator.bench.launch import measure  # noqa: PLC0415
    from orchestrator.cli.stack import read_settings  # noqa: PLC0415
    from orchestrator.launch.parts import connect  # noqa: PLC0415
    from orchestrator.stack.services import ensure_up  # noqa: PLC0415

    ensure_up(read_settings())
    _show(measure(connect(read_settings()), rounds=5 if quick else 15), json)


@app.command()
def stm(*, quick: Quick = False, json: JsonFile = None, url: OtherServer = "") -> None:
    """Transactions beside redis-py's and the raw limit, on a Valkey of its own."""
    from orchestrator.bench.stm.measure import measure  # noqa: PLC0415
    from orchestrator.cli.stages import StageDisplay  # noqa: PLC0415

    with StageDisplay() as display:
        report = measure("quick" if quick else "full", display, url)
    _show(report, json)


@app.command()
def source(*, quick: Quick = False, json: JsonFile = None, url: OtherDatabase = "") -> None:
    """The source store beside raw COPY, git and bare parsers, on a Postgres of its own."""
    from orchestrator.bench.source.measure import FULL, QUICK, measure  # noqa: PLC0415
    from orchestrator.cli.stages import StageDisplay  # noqa: PLC0415

    with StageDisplay() as display:
        report = measure(QUICK if quick else FULL, display, url)
    _show(report, json)


def _show(report: "Report", file: Path | None) -> None:
    if file is not None:
        report.write(file)
    sys.stdout.write(report.as_table())
