"""What a transaction of ours puts on the wire, and the same without its exactly-once record."""

from dataclasses import dataclass

import hiredis

from orchestrator.bench.stm.ours import Ours
from orchestrator.bench.stm.proxy import RecordingProxy
from orchestrator.bench.stm.raw import address_of, pack, through


@dataclass(frozen=True, slots=True)
class Flight:
    """Commands that travel together."""

    data: bytes
    """Packed."""
    count: int
    """Of replies."""
    commit_place: int
    """Of EXEC among them; -1 if there is none."""


def recorded_flights(url: str, space: str, keys: int, *, with_record: bool) -> list[Flight]:
    """Return the flights of one read-write transaction on some variables, in order. Blocks.

    Its site has run before, but not back to back, so these are two flights.
    """
    with RecordingProxy(*address_of(url)) as proxy:
        client = Ours(through(url, proxy.port), space, 0.0, "watch")
        names = [f"replayed/{number}" for number in range(keys)]
        for number in range(3):
            client.stm.atomically(client.variable("unrelated").set, number)
            del proxy.flights[:]
            client.add_each(names, [1] * keys)
        recorded = list(proxy.flights)
        client.close()
    record = f"{{{space}}}:c:".encode()
    flights = [_parsed(data) for data in recorded]
    if not with_record:
        flights = [_stripped(flight, record) for flight in flights]
    return [_packed(flight) for flight in flights]


def _parsed(data: bytes) -> list[list[bytes]]:
    reader = hiredis.Reader()
    reader.feed(data)
    commands = []
    while (command := reader.gets()) is not False:
        commands.append(command)
    return commands


def _packed(commands: list[list[bytes]]) -> Flight:
    place = commands.index([b"EXEC"]) if [b"EXEC"] in commands else -1
    return Flight(b"".join(pack(*each) for each in commands), len(commands), place)


def _stripped(commands: list[list[bytes]], record: bytes) -> list[list[bytes]]:
    """Leave out the record: commands on it alone, and the key among others."""
    alone = {b"SET", b"GET", b"EXPIRE"}
    kept = [
        [part for part in command if not part.startswith(record)]
        for command in commands
        if not (command[0].upper() in alone and command[1].startswith(record))
    ]
    return [command for command in kept if command != [b"WATCH"]]
