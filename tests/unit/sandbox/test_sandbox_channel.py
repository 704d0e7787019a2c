"""Messages between processes that do not trust each other."""

import os
import socket
import struct
import threading

import pytest

from swarm_workers.sandbox.inside.channel import MESSAGE_BYTES_MAX, Channel, ChannelError


@pytest.fixture
def pair() -> "tuple[Channel, socket.socket]":
    left, right = socket.socketpair()
    with left, right:
        yield Channel(left), right


def test_messages_arrive_one_by_one_and_then_the_end(pair: tuple[Channel, socket.socket]) -> None:
    channel, other = pair
    sender = Channel(other)
    sender.send({"n": 1})
    sender.send({"n": 2})
    sender.close()
    assert [channel.receive(), channel.receive(), channel.receive()] == [{"n": 1}, {"n": 2}, None]


def test_a_timeout_in_the_middle_of_a_message_loses_nothing(
    pair: tuple[Channel, socket.socket],
) -> None:
    channel, other = pair
    body = b'{"whole": true}'
    data = struct.pack(">Q", len(body)) + body
    for end in (3, 8, 12):
        other.sendall(data[:end])
        with pytest.raises(TimeoutError):
            channel.receive(0)
        other.sendall(data[end:])
        assert channel.receive(5) == {"whole": True}


def test_a_large_message_and_its_descriptors_arrive(pair: tuple[Channel, socket.socket]) -> None:
    channel, other = pair
    large = {"text": "x" * 5_000_000}
    read, write = os.pipe()
    thread = threading.Thread(target=Channel(other).send, args=(large, (write,)))
    thread.start()
    assert channel.receive(20) == large
    thread.join()
    (passed,) = channel.take_fds()
    os.write(passed, b"x")
    assert os.read(read, 1) == b"x"
    assert channel.take_fds() == []
    for fd in (read, write, passed):
        os.close(fd)


@pytest.mark.parametrize("body", [b"not json", b"[]", b'"text"', b"\xff", b"[" * 200_000])
def test_what_is_no_message_is_an_error(body: bytes, pair: tuple[Channel, socket.socket]) -> None:
    channel, other = pair
    thread = threading.Thread(target=other.sendall, args=(struct.pack(">Q", len(body)) + body,))
    thread.start()
    with pytest.raises(ChannelError):
        channel.receive(5)
    thread.join()


def test_a_message_without_end_is_refused_by_its_length(
    pair: tuple[Channel, socket.socket],
) -> None:
    channel, other = pair
    other.sendall(struct.pack(">Q", MESSAGE_BYTES_MAX + 1))
    with pytest.raises(ChannelError, match="more than"):
        channel.receive(5)
