import pytest

from ledger.table import column_widths, render, shorten


@pytest.mark.parametrize(
    ("width", "text"), [(9, "groceries"), (8, "groceri…"), (1, "…"), (0, ""), (20, "groceries")]
)
def test_a_long_text_ends_in_an_ellipsis(width, text):
    assert shorten("groceries", width) == text


def test_a_column_is_as_wide_as_its_longest_cell():
    assert column_widths([["a", "bbb"], ["cc", ""]]) == [2, 3]


def test_a_table_has_a_header_a_rule_and_its_rows():
    text = render(["Name", "Cents"], [["cash", "5"], ["savings", "12,000"]], align="<>")
    assert text.splitlines() == [
        "Name      Cents",
        "-------  ------",
        "cash          5",
        "savings  12,000",
    ]


def test_columns_without_a_sign_go_to_the_left():
    assert render(["A", "B"], [["x", "long"]]).splitlines() == ["A  B", "-  ----", "x  long"]


def test_a_column_can_be_centred():
    assert render(["Title"], [["abc"]], align="^").splitlines()[2] == " abc"


def test_a_table_may_have_no_rows():
    assert render(["A"], []) == "A\n-"


def test_a_row_with_too_few_cells_is_refused():
    with pytest.raises(ValueError, match="1 cells in a table of 2"):
        render(["A", "B"], [["x"]])
