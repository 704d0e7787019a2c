import pytest

from ledger.accounts import is_within, lineage, matches, normal_name, parent, roll_up


def test_a_name_is_lower_case_without_spaces_around_its_parts():
    assert normal_name(" Expenses : Eating out ") == "expenses:eating out"


@pytest.mark.parametrize("name", ["", ":", "assets:", "assets::bank"])
def test_a_name_with_an_empty_part_is_refused(name):
    with pytest.raises(ValueError, match="empty part"):
        normal_name(name)


def test_the_lineage_goes_from_the_top_down_to_the_account():
    assert lineage("a:b:c") == ["a", "a:b", "a:b:c"]
    assert lineage("a") == ["a"]


def test_the_parent_is_the_account_right_above():
    assert parent("a:b:c") == "a:b"
    assert parent("a") is None


@pytest.mark.parametrize(
    ("name", "ancestor", "expected"),
    [("a:b", "a", True), ("a", "a", True), ("ab", "a", False), ("a", "a:b", False)],
)
def test_an_account_is_within_itself_and_those_above(name, ancestor, expected):
    assert is_within(name, ancestor) is expected


@pytest.mark.parametrize(
    ("name", "pattern", "expected"),
    [
        ("a:b", "a:b", True),
        ("a:b", "a:*", True),
        ("a:b", "*:b", True),
        ("a:b", "*:c", False),
        ("a:b", "*", False),
        ("a", "a:*", False),
    ],
)
def test_a_star_stands_for_any_one_part(name, pattern, expected):
    assert matches(name, pattern) is expected


def test_accounts_without_any_above_keep_what_they_hold():
    assert roll_up({"cash": 5, "bank": -3}) == {"bank": -3, "cash": 5}
    assert roll_up({}) == {}


def test_an_account_holds_what_all_below_it_hold():
    assert roll_up({"a:b": 3, "a:c": 4}) == {"a": 7, "a:b": 3, "a:c": 4}
    assert roll_up({"a:b:x": 1, "a:b:y": 10, "a:c": 100}) == {
        "a": 111,
        "a:b": 11,
        "a:b:x": 1,
        "a:b:y": 10,
        "a:c": 100,
    }


def test_what_an_account_holds_itself_is_counted_with_those_below():
    assert roll_up({"a": 1, "a:b": 10, "a:b:c": 100}) == {"a": 111, "a:b": 110, "a:b:c": 100}
    assert roll_up({"a:b:c": 100, "a:b": 10, "a": 1}) == {"a": 111, "a:b": 110, "a:b:c": 100}


def test_totals_come_in_the_order_of_names():
    assert list(roll_up({"b:z": 1, "a:y": 1})) == ["a", "a:y", "b", "b:z"]
