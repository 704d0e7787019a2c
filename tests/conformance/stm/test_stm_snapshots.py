"""Reading now, thinking, and committing later."""

import pytest

from swarm_workers.stm import SnapshotStaleError, Stm
from tests.conformance.stm.conftest import Interference


def test_what_still_holds_is_applied_however_much_else_has_changed(stm: Stm) -> None:
    plan, other = stm.var("plan", str, default="draft"), stm.var("other", int, default=0)
    snapshot = stm.snapshot(plan.get)
    stm.atomically(other.set, 5)
    assert stm.commit_if(snapshot, lambda seen: plan.set(f"{seen}, done")) is None
    assert stm.atomically(plan.get) == "draft, done"


def test_a_snapshot_that_no_longer_holds_writes_nothing(stm: Stm) -> None:
    plan, roster = stm.var("plan", str, default=""), stm.map("roster", str)
    snapshot = stm.snapshot(lambda: (plan.get(), roster.items()))
    assert snapshot.value == ("", {})
    stm.atomically(roster.put, "ann", "here")
    with pytest.raises(SnapshotStaleError, match="no longer holds") as caught:
        stm.commit_if(snapshot, lambda _: plan.set("overwritten"))
    assert any("roster" in key for key in caught.value.changed)
    assert stm.atomically(plan.get) == ""


def test_what_has_changed_is_merged_with_what_was_thought(stm: Stm) -> None:
    words = stm.var("words", list[str], default=[])
    snapshot = stm.snapshot(words.get)
    stm.atomically(words.set, ["theirs"])

    def merge(then: list[str], now: list[str]) -> int:
        assert then == []
        words.set([*now, "mine"])
        return len(now)

    assert stm.commit_if(snapshot, lambda _: words.set(["mine"]), merge=merge) == 1
    assert stm.atomically(words.get) == ["theirs", "mine"]


def test_a_change_during_the_commit_is_merged_too(stm: Stm, others: Interference) -> None:
    words = stm.var("words", list[str], default=[])
    snapshot = stm.snapshot(words.get)

    def apply(then: list[str]) -> str:
        others.once(lambda: words.set(["theirs"]))
        words.set([*then, "mine"])
        return "applied"

    def merge(_: list[str], now: list[str]) -> str:
        words.set([*now, "mine"])
        return "merged"

    assert stm.commit_if(snapshot, apply, merge=merge) == "merged"
    assert stm.atomically(words.get) == ["theirs", "mine"]


def test_a_snapshot_is_of_one_instant(stm: Stm, others: Interference) -> None:
    left, right = stm.var("left", int, default=5), stm.var("right", int, default=5)

    def move() -> None:
        left.set(0)
        right.set(10)

    def read() -> int:
        seen = left.get()
        others.once(move)
        return seen + right.get()

    assert stm.snapshot(read).value == 10
