"""Prints what the journal adds up to."""

from __future__ import annotations

from collections.abc import Iterable

from ledger import table
from ledger.accounts import lineage, roll_up
from ledger.journal import Transaction
from ledger.money import Money
from ledger.register import balances, register

_PAYEE_WIDTH = 24


def balance_report(transactions: Iterable[Transaction], currency: str = "EUR") -> str:
    """Return a table of all accounts, those below others indented, with what each holds."""
    totals = roll_up(balances(transactions))
    rows = [
        ["  " * (len(lineage(account)) - 1) + account, str(Money(cents, currency))]
        for account, cents in totals.items()
    ]
    return table.render(["Account", "Balance"], rows, align="<>")


def register_report(
    transactions: Iterable[Transaction], account: str, currency: str = "EUR"
) -> str:
    """Return a table of what happened to one account, with the balance after each change."""
    rows = [
        [
            entry.day.isoformat(),
            table.shorten(entry.payee, _PAYEE_WIDTH),
            str(Money(entry.change_cents, currency)),
            str(Money(entry.balance_cents, currency)),
        ]
        for entry in register(transactions, account)
    ]
    return table.render(["Day", "Payee", "Change", "Balance"], rows, align="<<>>")
