from datetime import date

import pytest

from ledger.journal import JournalError, Posting, parse_header, parse_journal, parse_posting
from ledger.money import Money

JOURNAL = """\
# our first month
2024-01-05 Grocer
    expenses:food     42.10 EUR
    assets:cash

2024-01-01 Employer
    Assets:Bank      1,500.00 EUR
    income:salary   -1,500.00 EUR
"""


def test_transactions_come_in_the_order_of_days():
    assert [one.payee for one in parse_journal(JOURNAL)] == ["Employer", "Grocer"]


def test_same_days_keep_their_order():
    block = "2024-01-01 {}\n  a  1 EUR\n  b\n"
    text = block.format("second") + block.format("first")
    assert [one.payee for one in parse_journal(text)] == ["second", "first"]


def test_the_amount_left_out_balances_the_rest():
    grocer = parse_journal(JOURNAL)[1]
    assert grocer.postings == (
        Posting("expenses:food", Money(4210)),
        Posting("assets:cash", Money(-4210)),
    )


def test_names_of_accounts_are_made_normal():
    assert parse_journal(JOURNAL)[0].postings[0].account == "assets:bank"


def test_an_empty_journal_has_no_transactions():
    assert parse_journal("\n# nothing yet\n\n") == []


def test_a_header_has_a_day_and_a_payee():
    header = parse_header("2024-01-05 Corner shop")
    assert (header.day, header.payee, header.note) == (date(2024, 1, 5), "Corner shop", "")


def test_the_note_after_a_semicolon_is_no_part_of_the_payee():
    header = parse_header("2024-01-05 Corner Shop ; the week's; and more ")
    assert header.payee == "Corner Shop"
    assert header.note == "the week's; and more"


def test_spaces_around_the_payee_do_not_count():
    assert parse_header("2024-01-05    Corner  Shop").payee == "Corner  Shop"
    assert parse_header("2024-01-05   Shop   ;note").payee == "Shop"
    assert parse_header("2024-01-05  ; only a note").payee == ""


def test_an_account_may_hold_single_spaces():
    assert parse_posting("  expenses:eating out  9.50 EUR") == ("expenses:eating out", Money(950))


def test_a_posting_may_leave_its_amount_out():
    assert parse_posting("    assets:cash   ") == ("assets:cash", None)


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("  a  1 EUR\n", 1, "before the first"),
        ("\n2024-01-01 x\n  a  1 EUR\n  b  2 EUR\n", 2, "do not balance: 3.00 EUR"),
        ("2024-01-01 x\n  a\n  b\n", 1, "2 postings have no amount"),
        ("2024-01-01 x\n  a  1 EUR\n  b  -1 USD\n", 1, "EUR and USD"),
        ("2024-13-01 x\n  a  1 EUR\n  b\n", 1, "not a day"),
        ("2024-01-01 x\n  a  lots\n  b\n", 1, "not an amount"),
    ],
)
def test_an_error_names_the_line_and_the_reason(text, line, reason):
    with pytest.raises(JournalError, match=reason) as caught:
        parse_journal(text)
    assert caught.value.line_number == line
