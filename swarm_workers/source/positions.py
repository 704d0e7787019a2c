"""Positions of siblings: strings that sort, byte by byte, as the siblings stand.

Pure: no I/O, no clock, no chance.

A position is `base.tag.index`: `base` lies between the neighbours, `tag` tells who inserted and
`index` counts within one run. Everything that starts with `base.tag.` lies together, so runs that
two agents insert at one place end up one after the other, never interleaved. A base starts with an
integer whose first letter tells its length: appending for ever makes keys longer by the logarithm.
Positions of siblings that arrive together under a new parent are integers alone.

Source: the integer part follows David Greenspan, "Implementing fractional indexing" (2020).
"""

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_HIGHEST = len(_DIGITS) - 1
_ZERO = "a0"


def first_positions(count: int) -> list[str]:
    """Return the positions of the first children of a new parent."""
    positions: list[str] = []
    at = _ZERO
    for _ in range(count):
        positions.append(at)
        at = _next_integer(at)
    return positions


def positions_between(left: str | None, right: str | None, count: int, tag: str) -> list[str]:
    """Return rising positions strictly between two siblings.

    Args:
        left: position of the sibling before; None if there is none.
        right: position of the sibling after, greater than `left`; None if there is none.
        count: how many.
        tag: letters and digits that nobody else uses at this place.
    """
    assert left is None or right is None or left < right, f"{left!r} is not before {right!r}"
    base = spot_between(left, right)
    return [f"{base}.{tag}.{index}" for index in first_positions(count)]


def tail_of(position: str) -> str:
    """Return who put something there and where in their run: all but the base."""
    _, _, tail = position.partition(".")
    return tail or f"0.{position}"


def spot_between(left: str | None, right: str | None) -> str:
    """Return a string between the two that is no beginning of the right one."""
    if left is None and right is None:
        return _ZERO
    if left is None:
        assert right is not None
        return _previous_integer(_integer(right))
    following = _next_integer(_integer(left))
    if right is None or following < _integer(right):
        return following
    return _fraction(left, right)


def _fraction(left: str, right: str) -> str:
    """Return a short string between two that leave no integer between them."""
    at = 0
    while at < len(left) and at < len(right) and left[at] == right[at]:
        at += 1
    if at == len(left):
        return left + _below(right[at:])
    between = _middle(left[at], right[at])
    return left[:at] + between if between else left[: at + 1] + _above(left[at + 1 :])


def _below(rest: str) -> str:
    """Return a string less than `rest` that is no beginning of it; `rest` starts with a digit."""
    for at, character in enumerate(rest):
        digit = _DIGITS.index(character)
        if digit > 1:
            return rest[:at] + _DIGITS[digit // 2]
        if digit == 1:
            return rest[:at] + "0" + _DIGITS[_HIGHEST // 2]
    raise AssertionError(f"nothing lies below {rest!r}")


def _above(rest: str) -> str:
    """Return a string greater than `rest`, whatever follows it."""
    for at, character in enumerate(rest):
        between = _middle(character, None)
        if between:
            return rest[:at] + between
    return rest + _DIGITS[_HIGHEST // 2]


def _middle(low: str, high: str | None) -> str:
    """Return the digit halfway between two characters, or nothing if they are next to another."""
    lowest = _DIGITS.find(low)  # -1 for the dot, which sorts below all digits
    highest = _HIGHEST + 1 if high is None else _DIGITS.find(high)
    return _DIGITS[(lowest + highest) // 2] if highest - lowest > 1 else ""


def _integer(position: str) -> str:
    """Return the integer that a position starts with."""
    return position[: 1 + _length(position[0])]


def _length(head: str) -> int:
    """Return how many digits follow this letter: `a` and `Z` one, `b` and `Y` two."""
    return ord(head) - ord("a") + 1 if head >= "a" else ord("Z") - ord(head) + 1


def _next_integer(integer: str) -> str:
    digits = _value(integer[1:]) + 1
    length = len(integer) - 1
    if digits < len(_DIGITS) ** length:
        return integer[0] + _written(digits, length)
    if integer[0] == "Z":
        return _ZERO
    head = chr(ord(integer[0]) + 1)
    return head + "0" * _length(head)


def _previous_integer(integer: str) -> str:
    digits = _value(integer[1:]) - 1
    if digits >= 0:
        return integer[0] + _written(digits, len(integer) - 1)
    head = "Z" if integer[0] == "a" else chr(ord(integer[0]) - 1)
    return head + _DIGITS[_HIGHEST] * _length(head)


def _value(digits: str) -> int:
    value = 0
    for digit in digits:
        value = value * len(_DIGITS) + _DIGITS.index(digit)
    return value


def _written(value: int, length: int) -> str:
    digits = ""
    for _ in range(length):
        value, digit = divmod(value, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return digits
