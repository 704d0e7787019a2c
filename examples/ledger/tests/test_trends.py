import pytest

from ledger.trends import longest_rise, mean, moving_average, percentile


def test_the_mean_is_the_sum_shared_out():
    assert mean([1, 2, 6]) == 3


def test_nothing_has_no_mean():
    with pytest.raises(ValueError, match="nothing"):
        mean([])


@pytest.mark.parametrize(("percent", "value"), [(0, 10), (25, 20), (50, 30), (100, 50)])
def test_a_percentile_that_falls_on_a_value_is_that_value(percent, value):
    assert percentile([30, 10, 50, 20, 40], percent) == value


@pytest.mark.parametrize(
    ("values", "percent", "value"),
    [([4, 1], 50, 2.5), ([0, 10, 40], 75, 25), ([-8, -4, 8, 2], 10, -6.8)],
)
def test_a_percentile_between_two_values_lies_on_the_line_between_them(values, percent, value):
    assert percentile(values, percent) == pytest.approx(value)


@pytest.mark.parametrize(("values", "percent"), [([], 50), ([1], -1), ([1], 100.5)])
def test_a_percentile_that_does_not_exist_is_refused(values, percent):
    with pytest.raises(ValueError, match="percentile"):
        percentile(values, percent)


def test_a_moving_average_takes_fewer_values_at_its_start():
    assert moving_average([2, 4, 6, 8], 2) == [2, 3, 5, 7]
    assert moving_average([2, 4, 6], 9) == [2, 3, 4]
    assert moving_average([], 3) == []


def test_a_window_of_one_changes_nothing():
    assert moving_average([5, 1, 3], 1) == [5, 1, 3]


def test_an_empty_window_is_refused():
    with pytest.raises(ValueError, match="window"):
        moving_average([1], 0)


@pytest.mark.parametrize(
    ("values", "length"), [([], 0), ([7], 1), ([1, 2, 2, 3, 4, 1], 3), ([3, 2, 1], 1)]
)
def test_the_longest_rise_counts_its_values(values, length):
    assert longest_rise(values) == length
