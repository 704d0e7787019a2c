"""When a key needs a token, for how long, and when a transaction closes the gate."""

from swarm_workers.stm.kernel.contention import (
    CONFLICTS_BEFORE_ANY_GATE,
    GATE_SECONDS_MAX,
    MEMORY_SECONDS_MIN,
    VAIN_TOKENS_MAX,
    HotKeys,
    gate_seconds,
)


def test_a_key_over_which_a_run_was_lost_needs_a_token_for_a_while() -> None:
    hot = HotKeys()
    assert hot.tokens(["a"], 1.0) == ()
    hot.note_conflict(["a"], 1.0)
    assert hot.tokens(["b", "a"], 1.1) == ("a",)
    assert hot.tokens(["a"], 1.0 + MEMORY_SECONDS_MIN) == ()


def test_it_is_remembered_for_four_times_as_long_as_the_queue_takes() -> None:
    hot = HotKeys()
    hot.note_conflict(["a"], 1.0)
    hot.note_wait(["a"], 0.2, 1.2)
    assert hot.tokens(["a"], 1.9) == ("a",)
    assert hot.tokens(["a"], 2.1) == ()
    assert hot.token_seconds(["a"]) == 0.8


def test_it_is_remembered_for_longer_on_a_slow_network() -> None:
    hot = HotKeys()
    hot.flight_seconds = 0.0005
    hot.note_conflict(["a"], 1.0)
    assert hot.tokens(["a"], 5.9) == ("a",)
    assert hot.is_calm(6.1)
    assert hot.tokens(["a"], 6.1) == ()


def test_a_key_for_which_nobody_else_comes_is_forgotten() -> None:
    hot = HotKeys()
    hot.note_conflict(["a", "b"], 1.0)
    for _ in range(VAIN_TOKENS_MAX - 1):
        hot.note_wait(["a"], 0.0, 1.0)
    hot.note_wait(["a"], 0.01, 1.0)
    for _ in range(VAIN_TOKENS_MAX):
        assert hot.tokens(["a"], 1.0) == ("a",)
        hot.note_wait(["a"], 0.0, 1.0)
    assert hot.tokens(["a", "b"], 1.0) == ("b",)
    assert not hot.is_calm(1.0)


def test_tokens_are_taken_in_one_order_by_all() -> None:
    hot = HotKeys()
    hot.note_conflict(["c", "a", "b"], 1.0)
    assert hot.tokens(["b", "c", "a"], 1.0) == ("a", "b", "c")


def test_only_a_long_transaction_closes_the_gate_after_three_conflicts() -> None:
    assert gate_seconds(2, run_seconds=1.0, is_long=True) == 0.0
    assert gate_seconds(3, run_seconds=1.0, is_long=False) == 0.0
    assert gate_seconds(3, run_seconds=0.01, is_long=True) == 0.2
    assert gate_seconds(3, run_seconds=100.0, is_long=True) == GATE_SECONDS_MAX
    assert gate_seconds(CONFLICTS_BEFORE_ANY_GATE, run_seconds=0.1, is_long=False) == 0.4


def test_the_gate_stays_open_for_a_while_after_a_long_one_was_let_pass() -> None:
    hot = HotKeys()
    assert hot.may_close_gate(1.0)
    hot.note_gate(0.01, 1.0)
    assert not hot.may_close_gate(1.02)
    assert hot.may_close_gate(1.09)
