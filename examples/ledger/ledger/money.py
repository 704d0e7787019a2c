"""Exact amounts of money: whole cents and a currency, never a binary fraction."""

from __future__ import annotations

import re
from dataclasses import dataclass

_AMOUNT = re.compile(
    r"(?P<sign>-?)(?P<whole>\d{1,3}(?:,\d{3})+|\d+)(?:\.(?P<part>\d{1,2}))?\s+(?P<currency>[A-Z]{3})"
)


class CurrencyMismatchError(ValueError):
    """Two amounts of different currencies were put together."""

    def __init__(self, left: str, right: str) -> None:
        super().__init__(f"cannot put {left} and {right} together; convert one of them first")


@dataclass(frozen=True)
class Money:
    """An amount in whole cents of one currency; may be negative."""

    cents: int
    currency: str = "EUR"

    @classmethod
    def parse(cls, text: str) -> Money:
        """Return the amount written as '-1,234.50 EUR'.

        Raises:
            ValueError: the text is not an amount with a three-letter currency.
        """
        match = _AMOUNT.fullmatch(text.strip())
        if match is None:
            raise ValueError(f"not an amount: {text!r}; write it like '1,234.50 EUR'")
        whole = int(match["whole"].replace(",", ""))
        part = int((match["part"] or "").ljust(2, "0"))
        cents = whole * 100 + part
        return cls(-cents if match["sign"] else cents, match["currency"])

    def __str__(self) -> str:
        sign = "-" if self.cents < 0 else ""
        whole, part = divmod(abs(self.cents), 100)
        return f"{sign}{whole:,}.{part:02d} {self.currency}"

    def __add__(self, other: Money) -> Money:
        self._same_currency(other)
        return Money(self.cents + other.cents, self.currency)

    def __sub__(self, other: Money) -> Money:
        return self + -other

    def __neg__(self) -> Money:
        return Money(-self.cents, self.currency)

    def __lt__(self, other: Money) -> bool:
        self._same_currency(other)
        return self.cents < other.cents

    def is_zero(self) -> bool:
        """Return whether nothing is owed to anybody."""
        return self.cents == 0

    def scaled(self, numerator: int, denominator: int) -> Money:
        """Return the amount times a fraction, rounded to the nearest cent, a tie to the even one.

        Raises:
            ValueError: the denominator is not positive.
        """
        if denominator <= 0:
            raise ValueError(f"the denominator must be positive, not {denominator}")
        cents, rest = divmod(self.cents * numerator, denominator)
        is_odd = cents % 2 == 1
        if 2 * rest > denominator or (2 * rest == denominator and is_odd):
            cents += 1
        return Money(cents, self.currency)

    def allocate(self, weights: list[int]) -> list[Money]:
        """Return the amount split in proportion to the weights, without losing a cent.

        Each share is rounded down; the cents that are left over go to the first shares, one each.

        Raises:
            ValueError: there is no weight, or one is not positive.
        """
        if not weights or min(weights) <= 0:
            raise ValueError(f"each weight must be positive: {weights}")
        total = sum(weights)
        shares = [self.cents * weight // total for weight in weights]
        left_over = self.cents - sum(shares)
        for index in range(len(shares)):
            if index <= left_over:
                shares[index] += 1
        return [Money(share, self.currency) for share in shares]

    def _same_currency(self, other: Money) -> None:
        if self.currency != other.currency:
            raise CurrencyMismatchError(self.currency, other.currency)
