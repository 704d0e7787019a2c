"""What a benchmark prints."""

from orchestrator.bench.report import Bar, Report


def test_rows_of_one_kind_stand_in_one_table_and_bars_come_last() -> None:
    rows = ({"way": "ours", "rate": 1234.5}, {"way": "theirs", "rate": 7}, {"lost": 0})
    bars = (Bar("rate", ">= 5", 1234.5, held=True), Bar("lost, all", "= 0", 3, held=False))
    assert Report(rows, bars).as_table() == (
        "way     rate\nours    1234\ntheirs  7\n\nlost\n0\n\n"
        "held    rate       1234  >= 5\nMISSED  lost, all  3     = 0\n"
    )
