from ledger.__main__ import main
from ledger.journal import parse_journal
from ledger.report import balance_report, register_report

JOURNAL = """\
2024-01-01 Employer
    assets  100.00 EUR
    income
2024-01-05 The grocer at the far end of the street
    food     42.10 EUR
    assets
"""


def test_the_balance_report_lists_accounts_by_name():
    assert balance_report(parse_journal(JOURNAL)).splitlines() == [
        "Account      Balance",
        "-------  -----------",
        "assets     57.90 EUR",
        "food       42.10 EUR",
        "income   -100.00 EUR",
    ]


def test_the_balance_report_indents_accounts_below_others():
    text = "2024-01-01 x\n  a:b  1 EUR\n  a:c  2 EUR\n  d  -3 EUR\n"
    assert balance_report(parse_journal(text)).splitlines()[2:] == [
        "a         3.00 EUR",
        "  a:b     1.00 EUR",
        "  a:c     2.00 EUR",
        "d        -3.00 EUR",
    ]


def test_the_register_report_shows_the_balance_after_each_change():
    assert register_report(parse_journal(JOURNAL), "assets").splitlines() == [
        "Day         Payee                         Change     Balance",
        "----------  ------------------------  ----------  ----------",
        "2024-01-01  Employer                  100.00 EUR  100.00 EUR",
        "2024-01-05  The grocer at the far e…  -42.10 EUR   57.90 EUR",
    ]


def test_the_command_prints_the_balances(tmp_path, capsys):
    path = tmp_path / "journal.txt"
    path.write_text(JOURNAL, encoding="utf-8")
    assert main([str(path)]) == 0
    assert "57.90 EUR" in capsys.readouterr().out


def test_the_command_needs_one_journal(capsys):
    assert main([]) == 2
    assert "usage" in capsys.readouterr().err
