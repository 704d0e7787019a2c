from datetime import date

import pytest

from ledger.journal import Posting, Transaction
from ledger.money import Money
from ledger.register import Entry, balances, lowest_point, monthly_totals, register


def transaction(day, payee, **cents):
    postings = tuple(Posting(name.replace("_", ":"), Money(c)) for name, c in cents.items())
    return Transaction(day, payee, postings)


BOOK = [
    transaction(date(2024, 1, 1), "Employer", assets_bank=150_000, income=-150_000),
    transaction(date(2024, 2, 5), "Grocer", expenses_food=4_210, assets_cash=-4_210),
    transaction(date(2024, 1, 3), "Machine", assets_cash=10_000, assets_bank=-10_000),
]


def entries(*held):
    return [Entry(date(2024, 1, n), f"p{n}", 0, cents) for n, cents in enumerate(held, start=1)]


def test_balances_add_up_what_each_account_got():
    assert balances(BOOK) == {
        "assets:bank": 140_000,
        "income": -150_000,
        "expenses:food": 4_210,
        "assets:cash": 5_790,
    }


def test_balances_count_the_last_day_itself():
    assert balances(BOOK, until=date(2024, 1, 3))["assets:cash"] == 10_000
    assert "assets:cash" not in balances(BOOK, until=date(2024, 1, 2))


def test_a_register_runs_in_the_order_of_days():
    lines = [(e.payee, e.change_cents, e.balance_cents) for e in register(BOOK, "assets:cash")]
    assert lines == [("Machine", 10_000, 10_000), ("Grocer", -4_210, 5_790)]


def test_a_register_takes_accounts_below_as_one():
    changes = [entry.change_cents for entry in register(BOOK, "assets")]
    assert changes == [150_000, 0, -4_210]


def test_a_register_of_an_unknown_account_is_empty():
    assert register(BOOK, "liabilities") == []


def test_no_entries_have_no_lowest_point():
    assert lowest_point([]) is None


def test_a_balance_that_only_grows_is_lowest_at_first():
    assert lowest_point(entries(5, 6, 7)).payee == "p1"


@pytest.mark.parametrize(
    ("held", "payee"), [((5, 2, 9), "p2"), ((5, 4, -1), "p3"), ((9, 3, 5, 3, 8), "p2")]
)
def test_the_lowest_point_is_the_first_with_the_least_balance(held, payee):
    assert lowest_point(entries(*held)).payee == payee


def test_months_are_summed_in_their_order():
    assert monthly_totals(register(BOOK, "assets")) == {"2024-01": 150_000, "2024-02": -4_210}
