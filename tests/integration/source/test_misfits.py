"""Files that two hubs, or two lanes, changed in ways that do not fit: read, and landed on."""

import uuid
from hashlib import sha256

import pytest
from sqlalchemy import Engine, text

from swarm_workers.protocols import TreeFile
from swarm_workers.source.log.errors import UnsoundOperationError
from swarm_workers.source.log.operation_log import OperationLog
from swarm_workers.source.store import SourceStore
from swarm_workers.source.values import Change, ClashKind, Conflict
from tasks_schema.ids import NodeId
from tasks_schema.kinds import NodeKind, OperationKind
from tasks_schema.messages.source import ROOT, Operation
from tests.support.hubs import Hub
from tests.support.stored import landings

WORDS = {"d.txt": TreeFile(b"words\n")}
BYTES = b"\0bytes"
BINARY = {"d.txt": TreeFile(BYTES)}
LONGER = {"d.txt": TreeFile(b"words\n\nmore\n")}


def in_both_ways(store: SourceStore, log: OperationLog, branch: str, landing: int) -> TreeFile:
    """Return the one file of a landing, read in every way that there is."""
    (file,) = store.checkout(branch, landing).values()
    assert store.read_file(branch, "d.txt", landing) == file
    vectors = [each.version_vector for each in landings(store, branch)]
    assert log.checkout_at(branch, vectors[landing]) == {"d.txt": file}
    return file


def require_can_be_landed_on(hub: Hub, branch: str) -> None:
    hub.land(branch, {"e.txt": TreeFile(b"beside\n")})
    hub.land(branch, {"d.txt": TreeFile(b"mended\n")})
    assert hub.store.checkout(branch)["d.txt"].data == b"mended\n"
    hub.land(branch, {"d.txt": None, "f.txt": TreeFile(b"mended\n")})
    assert sorted(hub.store.checkout(branch)) == ["e.txt", "f.txt"]


def test_a_file_that_one_hub_made_binary_while_another_wrote_into_it_is_read_as_text(
    hubs: tuple[Hub, Hub],
) -> None:
    ours, theirs = hubs
    branch = ours.store.import_tree(WORDS, name="misfit").branch_id
    ours.send(branch, theirs)
    ours.land(branch, BINARY)
    theirs.land(branch, LONGER)
    ours.send(branch, theirs)
    theirs.send(branch, ours)
    assert ours.store.checkout(branch) == theirs.store.checkout(branch)
    file = in_both_ways(ours.store, ours.log, branch, ours.store.head(branch).number)
    assert sha256(BYTES).hexdigest().encode() in file.data
    assert b"more\n" in file.data
    operations = ours.store.propose(branch, ours.store.head(branch).number, {"d.txt": None})
    assert [each.kind for each in operations] == [OperationKind.NODE_DELETE]
    require_can_be_landed_on(ours, branch)


def test_a_file_that_lanes_made_binary_and_wrote_into_is_read_as_text(hub: Hub) -> None:
    branch = hub.store.import_tree(WORDS, name="misfit").branch_id
    for lane, changes in enumerate((BINARY, LONGER)):
        operations = hub.store.propose(branch, 0, changes)
        hub.log.push(branch, operations, base=0, push_id=uuid.UUID(int=16 + lane))
    file = in_both_ways(hub.store, hub.log, branch, hub.log.seal(branch).number)
    assert b"more\n" in file.data
    require_can_be_landed_on(hub, branch)


def node_of_kind(engine: Engine, kind: NodeKind) -> NodeId:
    query = text("SELECT node_id FROM nodes WHERE kind = :kind")
    with engine.connect() as connection:
        return NodeId(connection.execute(query, {"kind": kind.value}).scalar_one())


def test_a_push_that_names_bytes_that_are_not_here_is_refused(hub: Hub) -> None:
    branch = hub.store.import_tree(BINARY, name="forged").branch_id
    blob = node_of_kind(hub.engine, NodeKind.BLOB)
    other = b"\0other"
    key = sha256(other).hexdigest()
    update = Operation(OperationKind.NODE_UPDATE, blob, text=key)
    before = hub.sizes()
    with pytest.raises(UnsoundOperationError, match="names bytes that are not here"):
        hub.log.push(branch, [update], base=0, push_id=uuid.uuid4())
    assert hub.sizes() == before
    words = Operation(OperationKind.NODE_INSERT, NodeId(uuid.uuid4()), NodeKind.CHUNK, blob, "a0")
    told = [words, Operation(OperationKind.NODE_UPDATE, words.node_id, text=key)]
    hub.log.push(branch, told, base=0, push_id=uuid.uuid4())


def test_what_a_push_makes_of_a_binary_file_is_read_and_sent_as_text(
    hubs: tuple[Hub, Hub],
) -> None:
    ours, theirs = hubs
    branch = ours.store.import_tree(BINARY, name="forged").branch_id
    ours.send(branch, theirs)
    blob = node_of_kind(ours.engine, NodeKind.BLOB)
    update = Operation(OperationKind.NODE_UPDATE, blob, text="x")
    ours.log.push(branch, [update], base=0, push_id=uuid.uuid4())
    assert in_both_ways(ours.store, ours.log, branch, ours.log.seal(branch).number).data == b"x"
    ours.send(branch, theirs)
    assert theirs.store.checkout(branch) == ours.store.checkout(branch)


def test_a_file_whose_meta_was_emptied_is_read_as_plain_text(hub: Hub) -> None:
    branch = hub.store.import_tree(WORDS, name="forged").branch_id
    file = node_of_kind(hub.engine, NodeKind.FILE)
    move = Operation(OperationKind.NODE_MOVE, file, parent=ROOT, position="", meta={})
    with pytest.raises(UnsoundOperationError, match="does not say which 'format'"):
        hub.log.push(branch, [move], base=0, push_id=uuid.uuid4())
    again = Operation(
        OperationKind.NODE_INSERT, file, NodeKind.DIR, ROOT, "", "d.txt", "", "", meta={}
    )
    hub.log.push(branch, [again], base=0, push_id=uuid.uuid4())
    landing = hub.log.seal(branch).number
    assert in_both_ways(hub.store, hub.log, branch, landing) == WORDS["d.txt"]


def test_a_file_and_a_folder_whose_names_were_emptied_are_seen_by_their_ids(hub: Hub) -> None:
    tree = {"pkg/a.txt": WORDS["d.txt"], "pkg/sub/b.txt": WORDS["d.txt"]}
    branch = hub.store.import_tree(tree, name="nameless").branch_id
    with hub.engine.connect() as connection:
        query = text("SELECT node_id FROM nodes WHERE name = ANY(ARRAY['a.txt', 'sub'])")
        nodes = connection.execute(query).scalars().all()
    emptied = [Operation(OperationKind.NODE_UPDATE, NodeId(each), name="") for each in nodes]
    hub.log.push(branch, emptied, base=0, push_id=uuid.uuid4())
    landing = hub.log.seal(branch)
    held = hub.store.checkout(branch)
    assert held == hub.log.checkout_at(branch, landing.version_vector)
    (file, inner), ids = sorted(held, key=len), [str(each) for each in nodes]
    assert file.removeprefix("pkg/~") in ids
    assert inner.removeprefix("pkg/~").removesuffix("/b.txt") in ids
    renamed = {file: None, "pkg/new.txt": held[file]}
    hub.land(branch, renamed)
    assert sorted(hub.store.checkout(branch), key=len) == ["pkg/new.txt", inner]


def outgrown(ours: Hub, theirs: Hub) -> str:
    """Return a branch of two hubs, one of whose letters the encoding of its file lacks."""
    plain = {"d.txt.py": TreeFile(b"# -*- x -*-\nx = 1\n\n\nz = 3\n")}
    branch = ours.store.import_tree(plain, name="encoded").branch_id
    ours.send(branch, theirs)
    latin = b"# -*- coding: latin-1 -*-\nx = '\xe9'\n\n\nz = 3\n"
    greek = "# -*- x -*-\nx = 1\ny = '\u03a9'\n\n\nz = 3\n"
    ours.land(branch, {"d.txt.py": TreeFile(latin)})
    theirs.land(branch, {"d.txt.py": TreeFile(greek.encode())})
    theirs.send(branch, ours)
    return branch


def test_a_file_that_outgrew_its_encoding_can_be_mended_and_renamed(hubs: tuple[Hub, Hub]) -> None:
    ours, theirs = hubs
    branch = outgrown(ours, theirs)
    head = ours.store.head(branch).number
    shown = ours.store.checkout(branch)["d.txt.py"].data
    assert "\u03a9" in shown.decode()
    for mended in (
        {"d.txt.py": TreeFile(shown.replace(b"latin-1", b"utf-8").replace(b"z = 3", b"z = 4"))},
        {"d.txt.py": TreeFile(b"x = 5\n")},
        {"d.txt.py": None},
        {"d.txt.py": None, "new.py": TreeFile(shown)},
    ):
        operations = ours.store.propose(branch, head, mended)
        joined = ours.store.join(branch, [Change(head, operations, "a", uuid.uuid4())])
        assert not isinstance(joined.parts[0], Conflict), mended
        assert joined.changes == mended
    ours.land(branch, {"d.txt.py": TreeFile(b"x = 5\n")})


def test_a_letter_that_the_encoding_lacks_clashes_by_the_name_of_its_file(
    hubs: tuple[Hub, Hub],
) -> None:
    ours, theirs = hubs
    branch = outgrown(ours, theirs)
    older = ours.store.propose(
        branch, 1, {"d.txt.py": TreeFile(b"# -*- coding: latin-1 -*-\nx = '\xe9'\n\n\nz = 5\n")}
    )
    joined = ours.store.join(branch, [Change(1, older, "a", uuid.uuid4())])
    (part,) = joined.parts
    assert isinstance(part, Conflict)
    (clash,) = part.clashes
    assert (clash.kind, clash.path) == (ClashKind.ENCODING, "d.txt.py")
    assert (clash.ours, clash.theirs) == ("\u03a9", "iso8859-1")
