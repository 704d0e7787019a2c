"""The `swarm` command: what is here only parses, prints and chooses an exit code.

Heavy imports stand inside the commands, so that `swarm --help` is quick.
"""

import os
import sys

import typer

from orchestrator.cli import bench, code, experiment, ops, rollups, stack, swarm
from tasks_schema.errors import SwarmError
from tasks_schema.kinds import ExitCode

app = typer.Typer(
    name="swarm",
    help="Describe the problem, define the tests, unleash the agents.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for command in (
    swarm.launch,
    swarm.status,
    swarm.stop,
    swarm.patch,
    swarm.apply,
    rollups.leaderboard,
    rollups.progress,
    code.hotspots,
    code.show,
    code.history,
    code.lineage,
    code.callers,
    stack.up,
    stack.down,
    stack.doctor,
    stack.migrate,
):
    app.command()(command)
app.add_typer(bench.app, name="bench")
app.add_typer(experiment.app, name="experiment")
app.add_typer(ops.app, name="ops")


def main() -> None:
    """Run the command line: an expected failure is one line on stderr and exit code 2."""
    try:
        try:
            app(prog_name="swarm")
        finally:
            sys.stdout.flush()  # what cannot be written is to be found out here, not at exit
    except BrokenPipeError:
        _forget_output()  # whoever read it has seen enough, as `head` does
        raise SystemExit(1) from None
    except Exception as error:
        if not _is_expected(error):
            raise
        _fail(_sentence(error))
    except KeyboardInterrupt:
        _fail("interrupted")


def _is_expected(error: Exception) -> bool:
    """Say whether this is a failure to report in a sentence; imports only what it must."""
    if isinstance(error, SwarmError | OSError):
        return True
    from psycopg import Error as PostgresError  # noqa: PLC0415 - only on the way out
    from redis.exceptions import RedisError  # noqa: PLC0415
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415

    from swarm_workers.stm import StmError  # noqa: PLC0415

    return isinstance(error, StmError | RedisError | DBAPIError | PostgresError)


def _sentence(error: Exception) -> str:
    """Return the first line of what happened; a driver's error is told where it came from."""
    if isinstance(error, OSError) and error.strerror:
        place = f"'{error.filename}' cannot be used: " if error.filename else ""
        return f"{place}{error.strerror.lower()}"
    said = str(getattr(error, "orig", None) or error).strip().splitlines()
    first = said[0] if said else type(error).__name__
    if isinstance(error, SwarmError):
        return first
    return f"a server does not answer as it should: {first}; see `swarm doctor`"


def _forget_output() -> None:
    """Let what is left of the output go nowhere, so that the interpreter ends without a word."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fail(sentence: str) -> None:
    _forget_output()
    sys.stderr.write(f"swarm: {sentence}\n")
    raise SystemExit(ExitCode.BAD_USE)


if __name__ == "__main__":
    main()
