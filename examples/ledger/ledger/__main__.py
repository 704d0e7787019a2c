"""Prints the balances of a journal: `python -m ledger journal.txt`."""

from __future__ import annotations

import sys
from pathlib import Path

from ledger.journal import parse_journal
from ledger.report import balance_report


def main(arguments: list[str]) -> int:
    """Print the report of the one journal named; return the exit code."""
    if len(arguments) != 1:
        print("usage: python -m ledger JOURNAL", file=sys.stderr)
        return 2
    print(balance_report(parse_journal(Path(arguments[0]).read_text(encoding="utf-8"))))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
