"""One-statement bugs as people make them: what is right, what was written, and what shows it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Bug:
    name: str
    right: str
    wrong: str
    module: str
    """With `@@` where the right or wrong text stands."""
    tests: str

    @property
    def broken(self) -> str:
        return self.module.replace("@@", self.wrong)


BUGS = (
    Bug(
        "a bound that leaves out the last number",
        "range(2, n + 1)",
        "range(2, n)",
        """
def factorial(n):
    product = 1
    for factor in @@:
        product *= factor
    return product
""",
        """
from module import factorial

def test_small():
    assert factorial(1) == 1

def test_large():
    assert factorial(5) == 120
""",
    ),
    Bug(
        "an empty value taken for a missing one",
        "if default is not None:",
        "if default:",
        """
MISSING = object()

def lookup(table, key, default=None):
    if key in table:
        return table[key]
    @@
        return default
    raise KeyError(key)
""",
        """
import pytest
from module import lookup

def test_found():
    assert lookup({"a": 1}, "a") == 1

def test_default():
    assert lookup({}, "a", 5) == 5

def test_falsy_default():
    assert lookup({}, "a", 0) == 0

def test_missing():
    with pytest.raises(KeyError):
        lookup({}, "a")
""",
    ),
    Bug(
        "a comparison that leaves out its border",
        "age >= 18",
        "age > 18",
        """
def may_vote(age, is_citizen):
    return is_citizen and @@
""",
        """
from module import may_vote

def test_adult():
    assert may_vote(30, True)

def test_border():
    assert may_vote(18, True)

def test_child():
    assert not may_vote(17, True)

def test_guest():
    assert not may_vote(40, False)
""",
    ),
    Bug(
        "a missing conversion to lower case",
        "word.lower()",
        "word",
        """
from collections import Counter

def count_words(text):
    counts = Counter()
    for word in text.split():
        counts[@@] += 1
    return dict(counts)
""",
        """
from module import count_words

def test_plain():
    assert count_words("a b a") == {"a": 2, "b": 1}

def test_case():
    assert count_words("A a B") == {"a": 2, "b": 1}
""",
    ),
    Bug(
        "the wrong variable",
        "width * height",
        "width * width",
        """
class Rectangle:
    def __init__(self, width, height):
        self.width = width
        self.height = height

def area(rectangle):
    width, height = rectangle.width, rectangle.height
    return @@
""",
        """
from module import Rectangle, area

def test_square():
    assert area(Rectangle(3, 3)) == 9

def test_other():
    assert area(Rectangle(3, 4)) == 12
""",
    ),
    Bug(
        "a default that does not fit",
        "tabsize=4",
        "tabsize=8",
        """
def expand(line, *, @@):
    return line.replace("\\t", " " * tabsize)
""",
        """
from module import expand

def test_given():
    assert expand("\\tx", tabsize=2) == "  x"

def test_default():
    assert expand("\\tx") == "    x"
""",
    ),
    Bug(
        "arguments the wrong way round",
        "subtract(end, start)",
        "subtract(start, end)",
        """
def subtract(first, second):
    return first - second

def duration(start, end):
    return @@
""",
        """
from module import duration, subtract

def test_subtract():
    assert subtract(5, 2) == 3

def test_duration():
    assert duration(2, 5) == 3
""",
    ),
    Bug(
        "a missing not",
        "if not self.items:",
        "if self.items:",
        """
class Stack:
    def __init__(self):
        self.items = []

    def push(self, item):
        self.items.append(item)

    def peek(self):
        @@
            return None
        return self.items[-1]
""",
        """
from module import Stack

def test_empty():
    assert Stack().peek() is None

def test_top():
    stack = Stack()
    stack.push(1)
    stack.push(2)
    assert stack.peek() == 2
""",
    ),
    Bug(
        "or for and",
        "is_open and has_stock",
        "is_open or has_stock",
        """
def can_buy(is_open, has_stock):
    # Both are needed.
    return @@
""",
        """
import pytest
from module import can_buy

@pytest.mark.parametrize(
    ("is_open", "has_stock", "expected"),
    [(True, True, True), (True, False, False), (False, True, False), (False, False, False)],
)
def test_can_buy(is_open, has_stock, expected):
    assert can_buy(is_open, has_stock) is expected
""",
    ),
    Bug(
        "a slice that is one short",
        "text[: limit - 1]",
        "text[: limit - 2]",
        """
def shorten(text, limit):
    if len(text) <= limit:
        return text
    return @@ + "…"
""",
        """
from module import shorten

def test_short():
    assert shorten("abc", 5) == "abc"

def test_long():
    assert shorten("abcdefgh", 5) == "abcd…"
""",
    ),
    Bug(
        "a missing return",
        "return walk(tree[1:], found)",
        "walk(tree[1:], found)",
        """
def walk(tree, found):
    if not tree:
        return found
    found = found + [tree[0]]
    @@
""",
        """
from module import walk

def test_empty():
    assert walk([], []) == []

def test_full():
    assert walk([1, 2], []) == [1, 2]
""",
    ),
    Bug(
        "equal for in",
        'extension in (".jpg", ".png")',
        'extension == (".jpg", ".png")',
        """
import os

def is_image(path):
    extension = os.path.splitext(path)[1].lower()
    return @@
""",
        """
from module import is_image

def test_image():
    assert is_image("a/b.PNG")

def test_text():
    assert not is_image("a/b.txt")
""",
    ),
    Bug(
        "a missing absolute value",
        "abs(first - second)",
        "first - second",
        """
def is_close(first, second, tolerance=0.001):
    return @@ <= tolerance
""",
        """
from module import is_close

def test_close():
    assert is_close(1.0, 1.0005)

def test_above():
    assert not is_close(2.0, 1.0)

def test_below():
    assert not is_close(1.0, 2.0)
""",
    ),
    Bug(
        "cut off where it should be rounded",
        "round(amount * 100)",
        "int(amount * 100)",
        """
def cents(amount):
    return @@
""",
        """
from module import cents

def test_whole():
    assert cents(2) == 200

def test_fraction():
    assert cents(0.29) == 29

def test_other_fraction():
    assert cents(1.13) == 113
""",
    ),
    Bug(
        "a missing keyword argument",
        "sorted(scores, reverse=True)",
        "sorted(scores)",
        """
def podium(scores):
    ranked = @@
    return ranked[:3]
""",
        """
from module import podium

def test_one():
    assert podium([4]) == [4]

def test_order():
    assert podium([1, 9, 5, 7]) == [9, 7, 5]
""",
    ),
    Bug(
        "a repetition that asks for too much",
        'r"(\\w+)=(.*)"',
        'r"(\\w+)=(.+)"',
        """
import re

PAIR = re.compile(@@)

def parse(line):
    found = PAIR.fullmatch(line)
    return found.groups() if found else None
""",
        """
from module import parse

def test_pair():
    assert parse("a=1") == ("a", "1")

def test_empty_value():
    assert parse("a=") == ("a", "")

def test_no_pair():
    assert parse("a") is None
""",
    ),
    Bug(
        "an exception that is not caught",
        "except (ValueError, TypeError):",
        "except ValueError:",
        """
def to_number(value, default=0):
    try:
        return int(value)
    @@
        return default
""",
        """
from module import to_number

def test_number():
    assert to_number("12") == 12

def test_text():
    assert to_number("x", 7) == 7

def test_none():
    assert to_number(None, 7) == 7
""",
    ),
    Bug(
        "a key that may be missing",
        'order.get("discount", 0)',
        'order["discount"]',
        """
def price(order):
    return order["price"] - @@
""",
        """
from module import price

def test_discount():
    assert price({"price": 10, "discount": 3}) == 7

def test_none():
    assert price({"price": 10}) == 10
""",
    ),
    Bug(
        "plus for minus",
        "balance -= amount",
        "balance += amount",
        """
class Account:
    def __init__(self, balance=0):
        self.balance = balance

    def withdraw(self, amount):
        if amount > self.balance:
            raise ValueError("not enough")
        self.@@
        return self.balance
""",
        """
import unittest
from module import Account

class AccountTest(unittest.TestCase):
    def test_withdraw(self):
        self.assertEqual(Account(10).withdraw(4), 6)

    def test_too_much(self):
        with self.assertRaises(ValueError):
            Account(1).withdraw(2)
""",
    ),
    Bug(
        "a return inside the loop",
        "    return True",
        "        return True",
        """
def is_sorted(values):
    for before, after in zip(values, values[1:]):
        if before > after:
            return False
@@
""",
        """
from module import is_sorted

def test_sorted():
    assert is_sorted([1, 2, 3]) is True

def test_late():
    assert is_sorted([1, 3, 2]) is False

def test_single():
    assert is_sorted([1]) is True
""",
    ),
    Bug(
        "any for all",
        "all(character.isdigit()",
        "any(character.isdigit()",
        """
def is_number(text):
    return bool(text) and @@ for character in text)
""",
        """
from module import is_number

def test_number():
    assert is_number("123")

def test_mixed():
    assert not is_number("12a")

def test_empty():
    assert not is_number("")
""",
    ),
    Bug(
        "true division for floor division",
        "(low + high) // 2",
        "(low + high) / 2",
        """
def find(values, wanted):
    low, high = 0, len(values) - 1
    while low <= high:
        middle = @@
        if values[middle] == wanted:
            return middle
        if values[middle] < wanted:
            low = middle + 1
        else:
            high = middle - 1
    return -1
""",
        """
from module import find

def test_found():
    assert [find([1, 3, 5, 7], n) for n in (1, 3, 5, 7)] == [0, 1, 2, 3]

def test_missing():
    assert find([1, 3, 5], 4) == -1

def test_empty():
    assert find([], 4) == -1
""",
    ),
    Bug(
        "a value that is never stored",
        "cache[number] = result",
        "pass",
        """
def squares(numbers, cache):
    for number in numbers:
        if number not in cache:
            result = number * number
            @@
    return cache
""",
        """
from module import squares

def test_known():
    assert squares([2], {2: 4}) == {2: 4}

def test_new():
    assert squares([3], {}) == {3: 9}
""",
    ),
    Bug(
        "a shared list as a class attribute's twin",
        "return list(self._names)",
        "return self._names",
        """
class Group:
    def __init__(self, names):
        self._names = list(names)

    def names(self):
        @@
""",
        """
from module import Group

def test_names():
    assert Group("ab").names() == ["a", "b"]

def test_copy():
    group = Group("ab")
    group.names().append("c")
    assert group.names() == ["a", "b"]
""",
    ),
    Bug(
        "a wrong cached result",
        "if n < 2:",
        "if n < 3:",
        """
from functools import lru_cache

@lru_cache(maxsize=None)
def fibonacci(n):
    @@
        return n
    return fibonacci(n - 1) + fibonacci(n - 2)
""",
        """
from module import fibonacci

def test_one():
    assert fibonacci(1) == 1

def test_ten():
    assert fibonacci(10) == 55
""",
    ),
    Bug(
        "a constant used from a class body",
        "limit = 3",
        "limit = 2",
        """
class Retry:
    @@

    def allows(self, attempt):
        return attempt <= self.limit
""",
        """
from module import Retry

def test_first():
    assert Retry().allows(1)

def test_last():
    assert Retry().allows(3)

def test_after():
    assert not Retry().allows(4)
""",
    ),
)
