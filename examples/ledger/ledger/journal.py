"""Reads the journal: transactions, each a header line and indented postings.

    2024-01-05 Grocer ; the week's shopping
        expenses:food     42.10 EUR
        assets:cash

One posting of a transaction may leave its amount out; it then takes what balances the rest.
Empty lines and lines that begin with `#` are skipped.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ledger.accounts import normal_name
from ledger.dates import parse_day
from ledger.money import Money


class JournalError(ValueError):
    """A line of the journal cannot be understood."""

    def __init__(self, line_number: int, reason: str) -> None:
        super().__init__(f"line {line_number}: {reason}")
        self.line_number = line_number


@dataclass(frozen=True)
class Posting:
    """One account's part in a transaction."""

    account: str
    amount: Money


@dataclass(frozen=True)
class Transaction:
    """Postings that belong together and add up to nothing."""

    day: date
    payee: str
    postings: tuple[Posting, ...]
    note: str = ""


@dataclass(frozen=True)
class Header:
    """The first line of a transaction."""

    day: date
    payee: str
    note: str


def parse_journal(text: str) -> list[Transaction]:
    """Return the journal's transactions, the earliest first; same days keep their order.

    Raises:
        JournalError: a line cannot be understood, or a transaction does not balance.
    """
    transactions = []
    for number, block in _blocks(text):
        try:
            transactions.append(_transaction(block))
        except ValueError as error:
            raise JournalError(number, str(error)) from error
    return sorted(transactions, key=lambda transaction: transaction.day)


def parse_header(line: str) -> Header:
    """Return what a line like '2024-01-05 Grocer ; note' says."""
    day, _, rest = line.strip().partition(" ")
    payee, _, note = rest.partition(";")
    return Header(day=parse_day(day), payee=payee, note=note.strip())


def parse_posting(line: str) -> tuple[str, Money | None]:
    """Return the account and the amount, None where it is left out.

    Name and amount are at least two spaces apart, so that a name may hold single ones.
    """
    name, _, amount = line.strip().partition("  ")
    return normal_name(name), Money.parse(amount) if amount.strip() else None


def _blocks(text: str) -> list[tuple[int, list[str]]]:
    """Return each transaction's lines with the number of its first line, counted from 1."""
    blocks: list[tuple[int, list[str]]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if not line[0].isspace():
            blocks.append((number, [line]))
        elif blocks:
            blocks[-1][1].append(line)
        else:
            raise JournalError(number, "a posting before the first transaction")
    return blocks


def _transaction(lines: list[str]) -> Transaction:
    header = parse_header(lines[0])
    postings = _balanced([parse_posting(line) for line in lines[1:]])
    return Transaction(header.day, header.payee, postings, header.note)


def _balanced(parsed: list[tuple[str, Money | None]]) -> tuple[Posting, ...]:
    """Return the postings with the one amount that was left out filled in."""
    known = [amount for _, amount in parsed if amount is not None]
    missing = len(parsed) - len(known)
    if missing > 1 or not known:
        raise ValueError(f"{missing} postings have no amount; at most one may be without")
    total = known[0]
    for amount in known[1:]:
        total += amount
    if missing == 0 and not total.is_zero():
        raise ValueError(f"the postings do not balance: {total} is left over")
    return tuple(Posting(name, -total if amount is None else amount) for name, amount in parsed)
