"""What a stream says, in the form of either protocol of Redis."""

import pytest

from swarm_workers.reporting.outbox import Entry, _entries, stream_key

FOUND = [(b"1-0", {b"report": b"{}"}), (b"2-0", {b"other": b"x"}), (b"3-0", {}), (b"4-0", None)]
EXPECTED = [
    Entry("s", "1-0", b"{}"),
    Entry("s", "2-0", b""),
    Entry("s", "3-0", None),
    Entry("s", "4-0", None),
]


@pytest.mark.parametrize("reply", [[[b"{s}:x:outbox", FOUND]], {b"{s}:x:outbox": [FOUND]}])
def test_entries_are_read_from_both_protocols(reply: object) -> None:
    assert _entries("s", reply) == EXPECTED


@pytest.mark.parametrize("reply", [[], {}, None])
def test_no_answer_is_no_entry(reply: object) -> None:
    assert _entries("s", reply) == []


def test_all_streams_of_a_swarm_lie_on_one_shard() -> None:
    assert stream_key("auth-7k3f9q") == "{auth-7k3f9q}:x:outbox"
    assert stream_key("auth-7k3f9q", "rejected").startswith("{auth-7k3f9q}:")
