"""A few functions on words."""

from __future__ import annotations

from collections import Counter

_VOWELS = frozenset("aeiou")


def split_words(text: str) -> list[str]:
    """Return the words of a text in lower case, without punctuation around them."""
    stripped = (word.strip(".,;:!?\"'()") for word in text.lower().split())
    return [word for word in stripped if word]


def count_vowels(word: str) -> int:
    """Return how many letters of the word are vowels."""
    return sum(letter in _VOWELS for letter in word.lower())


def is_palindrome(text: str) -> bool:
    """Return whether the letters read the same both ways; other characters do not count."""
    letters = [letter for letter in text.lower() if letter.isalpha()]
    return letters == letters[::-1]


def most_common(text: str, count: int) -> list[str]:
    """Return the words that occur most often, equally frequent ones in alphabetical order."""
    counts = Counter(split_words(text))
    return sorted(counts, key=lambda word: (-counts[word], word))[: count - 1]


def initials(name: str) -> str:
    """Return the first letters of a name's words, in upper case, each with a full stop."""
    return "".join(f"{word[0].upper()}." for word in split_words(name))
