import itertools

import pytest

from ledger.money import CurrencyMismatchError, Money


def cents_of(shares):
    return [share.cents for share in shares]


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("12 EUR", 1200),
        ("12.5 EUR", 1250),
        ("12.05 EUR", 1205),
        ("-0.01 EUR", -1),
        ("1,234,567.89 EUR", 123456789),
        ("  7.00   EUR ", 700),
    ],
)
def test_an_amount_is_read_to_the_cent(text, cents):
    assert Money.parse(text) == Money(cents, "EUR")


@pytest.mark.parametrize("text", ["", "12", "EUR 12", "1.234 EUR", "12,34 EUR", "1e3 EUR", "5 eur"])
def test_what_is_not_an_amount_is_refused(text):
    with pytest.raises(ValueError, match="not an amount"):
        Money.parse(text)


@pytest.mark.parametrize(
    ("cents", "text"),
    [(0, "0.00 EUR"), (5, "0.05 EUR"), (-5, "-0.05 EUR"), (123456789, "1,234,567.89 EUR")],
)
def test_an_amount_is_written_as_it_is_read(cents, text):
    assert str(Money(cents)) == text
    assert Money.parse(text) == Money(cents)


def test_amounts_of_one_currency_add_and_subtract():
    assert Money(250) + Money(-75) == Money(175)
    assert Money(250) - Money(75) == Money(175)
    assert Money(75) < Money(250)


def test_amounts_of_two_currencies_do_not_mix():
    with pytest.raises(CurrencyMismatchError, match="EUR and USD"):
        Money(1, "EUR") + Money(1, "USD")


@pytest.mark.parametrize(
    ("cents", "numerator", "denominator", "result"),
    [
        (100, 1, 3, 33),
        (200, 1, 3, 67),
        (5, 1, 2, 2),
        (15, 1, 2, 8),
        (-5, 1, 2, -2),
        (100, 119, 100, 119),
    ],
)
def test_a_fraction_is_rounded_to_the_nearest_cent_and_ties_to_even(
    cents, numerator, denominator, result
):
    assert Money(cents).scaled(numerator, denominator) == Money(result)


def test_a_fraction_needs_a_positive_denominator():
    with pytest.raises(ValueError, match="positive"):
        Money(100).scaled(1, 0)


def test_an_amount_that_divides_evenly_has_equal_shares():
    assert cents_of(Money(900).allocate([1, 1, 1])) == [300, 300, 300]
    assert cents_of(Money(1).allocate([7])) == [1]


def test_cents_left_over_go_to_the_first_shares_one_each():
    assert cents_of(Money(1000).allocate([1, 1, 1])) == [334, 333, 333]
    assert cents_of(Money(1001).allocate([1, 1, 1])) == [334, 334, 333]
    assert cents_of(Money(5).allocate([3, 7])) == [2, 3]


def test_no_cent_is_lost_or_made():
    all_weights = ([1], [1, 2], [3, 3, 3], [5, 1, 1, 9, 2])
    for cents, weights in itertools.product(range(-40, 41), all_weights):
        shares = cents_of(Money(cents).allocate(weights))
        assert sum(shares) == cents
        exact = [cents * weight / sum(weights) for weight in weights]
        assert all(abs(share - want) <= 1 for share, want in zip(shares, exact, strict=True))


@pytest.mark.parametrize("weights", [[], [1, 0], [2, -1]])
def test_a_weight_that_is_not_positive_is_refused(weights):
    with pytest.raises(ValueError, match="weight"):
        Money(100).allocate(weights)
