-- How operations get into the log and into the registers.
--
-- A push shares its branch with other pushes, each in a lane of its own; what makes a landing has
-- the branch to itself. Both wait in one queue (an advisory lock of the transaction), so that
-- neither starves. Numbers are handed out under the row lock of the lane, held to the commit: no
-- reader ever sees operation 160 of a lane without operation 159.
--
-- Refusals carry an SQLSTATE of the class SW, and their particulars as JSON in the detail.

CREATE FUNCTION branch_key(of_branch uuid) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
    SELECT hashtextextended(of_branch::text, 5353)
$$;

-- Names this database among all that exchange operations. A copy under another name is another
-- hub, and a dump that was restored is, too: lanes that both would write would not be told apart.
CREATE FUNCTION hub_tag() RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT left(encode(sha256(convert_to(c.system_identifier || ':' || d.oid, 'UTF8')), 'hex'), 8)
    FROM pg_control_system() c, pg_database d WHERE d.datname = current_database()
$$;

CREATE FUNCTION lane_author(of_branch uuid, lane integer) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT hub_tag() || ':' || right(replace(of_branch::text, '-', ''), 16) || '#' || lane
$$;

-- Begin a push: wait for the lane and hand out its next numbers.
CREATE FUNCTION open_push(
    of_branch uuid, lane integer, push uuid, base bigint, claimed bigint, size bigint,
    OUT author text, OUT first_seq bigint, OUT last_seq bigint, OUT lamport bigint,
    OUT is_new boolean
)
LANGUAGE plpgsql AS $$
DECLARE
    oldest bigint;
    head bigint;
    newest bigint;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(branch_key(of_branch));
    SELECT b.horizon INTO oldest FROM branches b WHERE b.branch_id = of_branch;
    SELECT max(l.number) INTO head FROM landings l WHERE l.branch_id = of_branch;
    IF head IS NULL THEN
        RAISE EXCEPTION 'there is no such branch' USING ERRCODE = 'SW001';
    ELSIF base > head OR base < 0 THEN
        RAISE EXCEPTION 'there is no such landing' USING ERRCODE = 'SW002';
    ELSIF base < oldest THEN
        RAISE EXCEPTION 'the landing is purged' USING ERRCODE = 'SW003',
            DETAIL = json_build_object('horizon', oldest)::text;
    END IF;
    author := lane_author(of_branch, lane);
    INSERT INTO version_vectors (branch_id, author, max_seq, max_lamport)
    VALUES (of_branch, author, 0, 0) ON CONFLICT DO NOTHING;
    PERFORM FROM version_vectors v
    WHERE v.branch_id = of_branch AND v.author = open_push.author FOR UPDATE;
    SELECT max(v.max_lamport) INTO newest FROM version_vectors v WHERE v.branch_id = of_branch;
    IF claimed > newest + size THEN
        RAISE EXCEPTION 'the lamport time runs away' USING ERRCODE = 'SW004',
            DETAIL = json_build_object('lamport', claimed, 'lamport_max', newest + size)::text;
    END IF;
    SELECT min(o.author_seq), max(o.author_seq), max(o.lamport)
    INTO first_seq, last_seq, lamport
    FROM operations o WHERE o.attempt_id = push AND o.author = open_push.author;
    is_new := last_seq IS NULL;
    IF is_new THEN
        SELECT v.max_seq + 1, v.max_seq + size, newest + 1 INTO first_seq, last_seq, lamport
        FROM version_vectors v WHERE v.branch_id = of_branch AND v.author = open_push.author;
    END IF;
END
$$;

-- The branches whose versions a branch sees, the nearest first, and up to which landing of each.
CREATE FUNCTION branch_chain(of_branch uuid)
RETURNS TABLE (branch_id uuid, landing bigint, depth integer)
LANGUAGE sql STABLE ROWS 2 AS $$
    WITH RECURSIVE chain(branch_id, landing, depth) AS (
        SELECT of_branch, 4611686018427387904, 0
        UNION ALL
        SELECT b.parent_branch, b.parent_landing, chain.depth + 1
        FROM chain JOIN branches b USING (branch_id) WHERE b.parent_branch IS NOT NULL
    )
    SELECT chain.branch_id, chain.landing, chain.depth FROM chain
$$;

-- Aggregates payloads in the order of their stamps: of each register the last write is left.
CREATE AGGREGATE payload_merge(jsonb) (SFUNC = jsonb_concat, STYPE = jsonb, INITCOND = '{}');

-- Join a run of one author's operations, which the log has, into the branch's pushed registers.
--
-- Stamps of one author rise with its numbers, so that a run is first reduced to one write for each
-- register of each node: one statement may write a row once only. Then register by register the
-- greater stamp wins, for the birth the lesser. :lines are made by the migration, a pattern each.
-- Returns a node, or the parent of one, that nobody inserted; NULL if there is none.
CREATE FUNCTION merge_nodes(of_branch uuid, of_author text, first_seq bigint, last_seq bigint)
RETURNS uuid
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    unknown uuid;
BEGIN
    -- What landed before goes on beside the landings, joined with what the run says. New nodes have
    -- nothing to go on from; where something was pushed already, that is joined in at the conflict.
    WITH chain AS MATERIALIZED (SELECT * FROM branch_chain(of_branch)),
    reduced AS (
        SELECT o.node_id,
            payload_merge(o.payload ORDER BY o.author_seq) AS merged,
            (array_agg(o.payload ORDER BY o.author_seq)
                FILTER (WHERE o.kind = 'node_insert'))[1] AS birth,
            :reductions
        FROM operations o
        WHERE o.author = of_author AND o.author_seq BETWEEN first_seq AND last_seq
            AND o.kind LIKE 'node%'
        GROUP BY o.node_id
    ), written AS (
    INSERT INTO nodes AS n (branch_id, node_id, landing_from, is_structure, :columns)
    SELECT of_branch, j.node_id, 4611686018427387904, false,
        :joined
    FROM (
        SELECT r.node_id, r.merged, r.birth, :own_stamps,
            :landed,
            :wins
        FROM reduced r LEFT JOIN LATERAL (
            SELECT v.* FROM chain, LATERAL (
                SELECT o.* FROM nodes o
                WHERE o.branch_id = chain.branch_id AND o.node_id = r.node_id
                    AND o.landing_from <= chain.landing AND o.landing_from < 4611686018427387904
                ORDER BY o.landing_from DESC LIMIT 1
            ) v ORDER BY chain.depth LIMIT 1
        ) l ON true
    ) j
    ORDER BY j.node_id
    ON CONFLICT (branch_id, node_id, landing_from) DO UPDATE SET
        :merges
    RETURNING n.node_id, n.kind, n.parent, n.place_author, n.place_seq
    ), parents AS (
        SELECT DISTINCT w.parent FROM written w
        WHERE w.place_author = of_author AND w.place_seq BETWEEN first_seq AND last_seq
            AND w.parent NOT IN ('00000000-0000-0000-0000-000000000001',
                                 '00000000-0000-0000-0000-000000000002')
    )
    SELECT min(u.node_id::text)::uuid INTO unknown FROM (
        SELECT w.node_id FROM written w WHERE w.kind IS NULL
        UNION ALL
        SELECT p.parent FROM parents p
        WHERE p.parent NOT IN (SELECT w.node_id FROM written w WHERE w.kind IS NOT NULL)
            AND NOT EXISTS (SELECT FROM chain JOIN nodes o ON o.branch_id = chain.branch_id
                AND o.landing_from <= chain.landing
                WHERE o.node_id = p.parent AND o.kind IS NOT NULL)
    ) u;
    RETURN unknown;
END
$$;

-- The same for edges, each of which has one register: whether it is there.
CREATE FUNCTION merge_edges(of_branch uuid, of_author text, first_seq bigint, last_seq bigint)
RETURNS void
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    WITH chain AS MATERIALIZED (SELECT * FROM branch_chain(of_branch)), reduced AS (
        SELECT DISTINCT ON (from_node, to_node, kind) o.node_id AS from_node,
            (o.payload->>'to')::uuid AS to_node, o.payload->>'kind' AS kind,
            o.kind = 'edge_insert' AS is_there, o.lamport, o.author, o.author_seq
        FROM operations o
        WHERE o.author = of_author AND o.author_seq BETWEEN first_seq AND last_seq
            AND o.kind LIKE 'edge%'
        ORDER BY from_node, to_node, kind, o.author_seq DESC
    )
    INSERT INTO edges AS e
    SELECT of_branch, r.from_node, r.to_node, r.kind, 4611686018427387904, NULL, r.is_there,
        r.lamport, r.author, r.author_seq
    FROM reduced r
    WHERE NOT EXISTS (
        SELECT FROM chain JOIN edges v ON v.branch_id = chain.branch_id
            AND v.landing_from <= chain.landing AND v.landing_from < 4611686018427387904
        WHERE v.from_node = r.from_node AND v.to_node = r.to_node AND v.kind = r.kind
            AND (v.lamport, v.author, v.seq) >= (r.lamport, r.author, r.author_seq)
    )
    ORDER BY r.from_node, r.to_node, r.kind
    ON CONFLICT (branch_id, from_node, to_node, kind, landing_from) DO UPDATE SET
        is_there = excluded.is_there, lamport = excluded.lamport, author = excluded.author,
        seq = excluded.seq
    WHERE (excluded.lamport, excluded.author, excluded.seq) > (e.lamport, e.author, e.seq);
END
$$;

-- The nodes that a run of operations speaks of and the branch does not know, seen from the lane.
CREATE FUNCTION unknown_nodes(of_branch uuid, of_author text, first_seq bigint, last_seq bigint)
RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN QUERY WITH chain AS MATERIALIZED (SELECT * FROM branch_chain(of_branch)),
    run AS MATERIALIZED (
        SELECT o.node_id, o.kind, o.payload FROM operations o
        WHERE o.author = of_author AND o.author_seq BETWEEN first_seq AND last_seq
    ), mentioned AS (
        SELECT run.node_id FROM run WHERE run.kind <> 'node_insert'
        UNION SELECT (run.payload->>'parent')::uuid FROM run WHERE run.payload ? 'parent'
        UNION SELECT (run.payload->>'to')::uuid FROM run WHERE run.kind LIKE 'edge%'
        EXCEPT SELECT run.node_id FROM run WHERE run.kind = 'node_insert'
    )
    SELECT m.node_id FROM mentioned m
    WHERE m.node_id NOT IN ('00000000-0000-0000-0000-000000000001',
                            '00000000-0000-0000-0000-000000000002')
        AND NOT EXISTS (SELECT FROM chain JOIN nodes n ON n.branch_id = chain.branch_id
            AND n.landing_from <= chain.landing
            WHERE n.node_id = m.node_id AND n.kind IS NOT NULL);
END
$$;

-- End a push: what its run says becomes part of the branch's registers, and of its vector.
CREATE FUNCTION close_push(
    of_branch uuid, of_author text, first_seq bigint, last_seq bigint, of_lamport bigint
) RETURNS void
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    unknown uuid;
BEGIN
    unknown := merge_nodes(of_branch, of_author, first_seq, last_seq);
    IF EXISTS (
        SELECT FROM operations o
        WHERE o.author = of_author AND o.author_seq BETWEEN first_seq AND last_seq
            AND o.kind LIKE 'edge%'
    ) THEN
        unknown := coalesce(unknown, (SELECT min(u::text)::uuid
            FROM unknown_nodes(of_branch, of_author, first_seq, last_seq) u));
        PERFORM merge_edges(of_branch, of_author, first_seq, last_seq);
    END IF;
    IF unknown IS NOT NULL THEN
        RAISE EXCEPTION 'nobody inserted the node' USING ERRCODE = 'SW005',
            DETAIL = json_build_object('node_id', unknown)::text;
    END IF;
    UPDATE version_vectors v SET max_seq = last_seq, max_lamport = of_lamport
    WHERE v.branch_id = of_branch AND v.author = of_author;
END
$$;

-- A whole push in one round trip: what a push of a few hundred operations takes.
CREATE FUNCTION push_operations(
    of_branch uuid, lane integer, push uuid, base bigint, claimed bigint, batch jsonb,
    OUT author text, OUT first_seq bigint, OUT last_seq bigint, OUT lamport bigint,
    OUT is_new boolean
)
LANGUAGE plpgsql AS $$
BEGIN
    SELECT o.* INTO author, first_seq, last_seq, lamport, is_new
    FROM open_push(of_branch, lane, push, base, claimed, jsonb_array_length(batch)) o;
    IF is_new THEN
        INSERT INTO operations (author, author_seq, lamport, kind, node_id, attempt_id, payload)
        SELECT push_operations.author, push_operations.first_seq + e.at - 1,
            push_operations.lamport, e.one->>'kind', (e.one->>'node_id')::uuid, push,
            e.one->'payload'
        FROM jsonb_array_elements(batch) WITH ORDINALITY e(one, at);
        PERFORM close_push(of_branch, author, first_seq, last_seq, lamport);
    END IF;
END
$$;
