"""Account names: a path of parts joined by colons, such as `expenses:food:lunch`."""

from __future__ import annotations

SEPARATOR = ":"


def normal_name(name: str) -> str:
    """Return the name in lower case, without spaces around its parts.

    Raises:
        ValueError: a part is empty.
    """
    parts = [part.strip().lower() for part in name.split(SEPARATOR)]
    if not all(parts):
        raise ValueError(f"an account's name has an empty part: {name!r}")
    return SEPARATOR.join(parts)


def lineage(name: str) -> list[str]:
    """Return the account and all accounts above it, the topmost first."""
    parts = name.split(SEPARATOR)
    return [SEPARATOR.join(parts[: depth + 1]) for depth in range(len(parts))]


def parent(name: str) -> str | None:
    """Return the account right above, or None for a topmost one."""
    above, separator, _ = name.rpartition(SEPARATOR)
    return above if separator else None


def is_within(name: str, ancestor: str) -> bool:
    """Return whether the account is the ancestor itself or lies below it."""
    return name == ancestor or name.startswith(ancestor + SEPARATOR)


def matches(name: str, pattern: str) -> bool:
    """Return whether the name fits a pattern in which `*` stands for any one part."""
    parts = name.split(SEPARATOR)
    wanted = pattern.split(SEPARATOR)
    if len(parts) != len(wanted):
        return False
    return all(want in ("*", part) for part, want in zip(parts, wanted, strict=True))


def roll_up(cents_by_account: dict[str, int]) -> dict[str, int]:
    """Return the totals of each account with everything below it, in the order of names.

    Accounts that hold nothing themselves, but have something below them, are in the result.
    """
    totals: dict[str, int] = {}
    for account, cents in cents_by_account.items():
        for ancestor in lineage(account):
            totals[ancestor] = totals.get(account, 0) + cents
    return dict(sorted(totals.items()))
