"""A small file of operations that is sound, and ways to spoil it."""

import json
import uuid

from swarm_workers.source.log import wire
from tasks_schema.ids import NodeId
from tasks_schema.kinds import EdgeKind, NodeKind, OperationKind
from tasks_schema.messages.source import ROOT, EdgeId, Operation, Stamp
from tests.support.histories import PLAIN
from tests.support.hubs import file_of

BRANCH = str(uuid.UUID(int=7))
FILE = Operation(
    OperationKind.NODE_INSERT,
    NodeId(uuid.UUID(int=100)),
    NodeKind.FILE,
    ROOT,
    "",
    "a.txt",
    "",
    "",
    PLAIN,
    stamp=Stamp(1, "far#0", 1),
)
LINE = Operation(
    OperationKind.NODE_INSERT,
    NodeId(uuid.UUID(int=101)),
    NodeKind.CHUNK,
    FILE.node_id,
    "a0",
    "",
    "",
    "words\n",
    stamp=Stamp(2, "far#0", 2),
)
EDGE = Operation(
    OperationKind.EDGE_INSERT,
    LINE.node_id,
    edge=EdgeId(LINE.node_id, FILE.node_id, EdgeKind.USES),
    stamp=Stamp(3, "far#0", 3),
)
SOUND = file_of(BRANCH, [FILE, LINE, EDGE])


def changed(at: int, **values: object) -> list[bytes]:
    """Return the sound file with other values in one line, counted from 0."""
    line = json.dumps(json.loads(SOUND[at]) | values).encode() + b"\n"
    return [*SOUND[:at], line, *SOUND[at + 1 :]]


def with_payload(at: int, **values: object) -> list[bytes]:
    payload = json.loads(SOUND[at])["payload"] | values
    return changed(at, payload=payload)


def without(at: int) -> list[bytes]:
    return [*SOUND[:at], *SOUND[at + 1 : -1], wire.end_line(2)]
