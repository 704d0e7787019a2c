"""Commits by a function in the server: one flight, and nothing under WATCH.

For Redis from 7 and every Valkey. As no state belongs to the connection, one connection serves any
number of coroutines. The function asks all questions of the body again, and applies the effects if
the answers are the same; it compares values, not histories, which is as good: the transaction then
takes place at that instant. It refuses a commit whose number its writer's record has reached, so a
late one finds the door shut that was closed when its outcome was asked for.
"""

import time
from typing import Any

from typing_extensions import override

from swarm_workers.stm.engines.commands import answers_of, has_refusal, reading_of
from swarm_workers.stm.engines.proposals import RECORD_SECONDS, commit_call
from swarm_workers.stm.engines.redis_session import MISSING, RedisSession
from swarm_workers.stm.engines.scripts import function, library
from swarm_workers.stm.errors import (
    StmCorruptedError,
    StmServerError,
    StmUnavailableError,
)
from swarm_workers.stm.questions import Proposal, Query, Reply
from swarm_workers.stm.wires.packing import Command
from swarm_workers.stm.wires.seam import WireLostError


class FunctionSession(RedisSession):
    """A session whose connection may serve others too."""

    async def read(self, queries: tuple[Query, ...]) -> list[Reply]:
        """Return the answers, all of one instant, in one flight; see `Session.read`."""
        is_first, commands = not self._has_read, list[Command]()
        is_queued = is_first and self._plan.takes_turns
        if is_queued:
            self._want_own_wire()
        wire = await self._wire()
        wanted = self._turns.queue_up(self._plan, commands) if is_queued else ()
        if self._ear is not None:
            commands.append(("CLIENT", "CACHING", "YES"))
        flags = self._flags(queries) if is_first and self._plan.is_wary else ()
        reading = reading_of(queries, None, function("read"), flags)
        commands.append(reading.command)
        replies = await self._flight_on(wire, commands, self._plan.token_seconds * len(wanted))
        if has_refusal(replies):
            await self._check(replies)
        if wanted:
            self.meter.vain_waits += self._turns.note(wanted, replies[:-1])
        self._has_read = True
        self._turns.has_gate = bool(self._plan.gate_seconds)
        return answers_of(reading, queries, self._without_flags(queries, flags, replies[-1]))

    async def commit(self, proposal: Proposal) -> bool:
        """Apply all effects or none, exactly once; see `Session.commit`."""
        await self._wire()
        sequence = self.slot.next_sequence()
        replies = await self._send_commit([self._commit_command(proposal, sequence)], sequence)
        if isinstance(replies, bool):
            return replies
        return await self._verdict(proposal.carried, replies[0])

    def _want_own_wire(self) -> None:
        """Have a connection that waiting for a token holds up for nobody else."""
        if self.slot.wire is not None and not self.slot.is_own_wire:
            self.slot.drop_wire()
        self.slot.wants_own_wire = True

    def _commit_command(self, proposal: Proposal, sequence: int) -> Command:
        effects = (*proposal.effects, *self._turns.returning())
        whole = Proposal(effects, proposal.observed, self._asked_along(proposal.carried))
        keys, arguments = commit_call(
            whole, self._record, self._keys.gate, self.slot.writer, sequence
        )
        return ("FCALL", function("commit"), len(keys), *keys, *arguments)

    async def _verdict(self, carried: tuple[Query, ...], reply: Any) -> bool:
        if isinstance(reply, Exception) and "WRONGTYPE" in str(reply):
            raise StmCorruptedError(f"{reply}; other writes of this commit may have been applied")
        await self._check([reply])
        self._patience.reset()
        word, *answers = reply
        if word == b"gate":
            await self._heed_gate(b"someone")
        if word != b"done":
            return False
        self._turns.forget()
        self._keep(carried, answers[0])
        return True

    @override
    async def _load_programs(self) -> None:
        """Teach the server what it is asked to run."""
        (reply,) = await self._flight([("FUNCTION", "LOAD", "REPLACE", library())])
        if isinstance(reply, Exception):
            raise StmServerError(str(reply))
        await super()._load_programs()

    @override
    async def _ask_record(self, sequence: int, sent_at: float) -> bool | None:
        """Ask the function, which shuts the door on a commit that is still on its way."""
        if time.monotonic() - sent_at > RECORD_SECONDS / 2:
            raise StmUnavailableError("the record of the commit has expired", committed=None)
        wire, fence = self.slot.wire, self.slot.next_sequence()
        assert wire is not None
        arguments = [sequence, fence, RECORD_SECONDS]
        name = function("resolve")
        (reply,) = await wire.flight([("FCALL", name, 1, self._record, *arguments)])
        if isinstance(reply, Exception):
            # Not as other refusals are borne: those end with "nothing was written".
            if not str(reply).startswith(MISSING):
                raise WireLostError(str(reply))
            await wire.flight([("FUNCTION", "LOAD", "REPLACE", library())])
            return None
        return bool(reply)
