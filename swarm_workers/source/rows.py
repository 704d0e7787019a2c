"""Nodes and operations ↔ rows, in bulk."""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
from psycopg import sql
from sqlalchemy import Connection, Row, RowMapping, Table

from swarm_workers.source.registers import Node
from swarm_workers.source.shape import Place, is_structure
from tasks_schema.ids import NodeId
from tasks_schema.kinds import NodeKind
from tasks_schema.messages.source import Operation, Stamp
from tasks_schema.tables.source import NODES

_REGISTERS = ("birth", "place", "name", "lead", "text", "meta")
_NODE_COLUMNS = tuple(column.name for column in NODES.columns)
NODE_SELECT = ", ".join(f"n.{name}" for name in _NODE_COLUMNS)


def copy_rows(connection: Connection, table: Table, rows: Iterable[Sequence[Any]]) -> None:
    """Write rows, their values in the order of the table's columns. Blocks."""
    columns = sql.SQL(", ").join(sql.Identifier(column.name) for column in table.columns)
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table.name), columns)
    driver = connection.connection.driver_connection
    assert driver is not None, "the connection is closed"
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def as_json(value: Any) -> str:
    """Return a value as Postgres reads JSON. Four times as fast as the standard library's way."""
    return msgspec.json.encode(value).decode()


def operation_rows(
    operations: Iterable[Operation], attempt_id: uuid.UUID | None
) -> Iterator[tuple[Any, ...]]:
    """Return rows of the log, one by one."""
    return (operation_row(each, each.stamp, attempt_id) for each in operations)


def operation_row(
    operation: Operation, stamp: Stamp, attempt_id: uuid.UUID | None
) -> tuple[Any, ...]:
    """Return the row of an operation, stamped so."""
    return (
        stamp.author,
        stamp.author_seq,
        stamp.lamport,
        operation.kind.value,
        operation.node_id,
        attempt_id,
        as_json(operation.payload),
    )


def operation_of(row: Row[Any]) -> Operation:
    """Return the operation of a row of the log; its blob stays behind."""
    stamp = Stamp(row.lamport, row.author, row.author_seq)
    return Operation.of_payload(row.kind, row.node_id, row.payload, stamp)


def node_row(branch: uuid.UUID, landing: int, node: Node, place: Place) -> tuple[Any, ...]:
    """Return the row of a node's version that begins with this landing."""
    return (
        branch,
        node.node_id,
        landing,
        None,
        node.kind.value if node.kind else None,
        node.birth_parent,
        *node.birth,
        node.parent,
        node.position,
        *node.place,
        node.name,
        *node.name_stamp,
        node.lead,
        *node.lead_stamp,
        node.text,
        *node.text_stamp,
        as_json(dict(node.meta)),
        *node.meta_stamp,
        place.file_id,
        place.sortkey,
        place.path,
        is_structure(node),
    )


def node_of(row: Row[Any]) -> Node:
    """Return the node of a version's row."""
    values = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for it
    birth, place, name, lead, text, meta = (_stamp_of(values, each) for each in _REGISTERS)
    return Node(
        NodeId(values["node_id"]),
        NodeKind(values["kind"]) if values["kind"] else None,
        values["birth_parent"],
        birth,
        values["parent"],
        values["position"],
        place,
        values["name"],
        name,
        values["lead"],
        lead,
        values["text"],
        text,
        values["meta"],
        meta,
    )


def place_of(row: Row[Any]) -> Place:
    """Return where the version of a row is seen."""
    return Place(row.file_id, row.sortkey, row.path)


def _stamp_of(values: RowMapping, register: str) -> Stamp:
    return Stamp(
        values[f"{register}_lamport"], values[f"{register}_author"], values[f"{register}_seq"]
    )
