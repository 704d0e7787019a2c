"""Commits by WATCH, MULTI and EXEC: works on every Redis from 6.2 and every Valkey.

Exactly once. Every commit writes its number to the writer's record, in the same MULTI, and the
record is under WATCH already when the commit is sent: the flight before has seen to it, and each
commit arms the next. If the reply to EXEC is lost, the record tells whether the commit took place.
If it did not, it may still be on its way; so the record is written once more (a fence), and the
late EXEC, whose connection watches the record, fails. Only then is it retried.
"""

import time
from typing import Any

from typing_extensions import override

from swarm_workers.stm.codec import stamp
from swarm_workers.stm.engines.commands import (
    answers_of,
    command_of,
    has_refusal,
    reading_of,
    watch_command,
)
from swarm_workers.stm.engines.proposals import RECORD_SECONDS, commit_call
from swarm_workers.stm.engines.redis_session import RedisSession
from swarm_workers.stm.engines.scripts import script
from swarm_workers.stm.errors import (
    StmCorruptedError,
    StmUnavailableError,
)
from swarm_workers.stm.questions import SOFT_KINDS, Effect, Proposal, Query, Reply
from swarm_workers.stm.wires.packing import Command, pack, pack_set, packed
from swarm_workers.stm.wires.seam import WireLostError

_MULTI = pack(("MULTI",))
_EXEC = pack(("EXEC",))
_EXPIRING = pack(("EX", RECORD_SECONDS))[4:]
"""The last two words of a SET; before them goes no count of words."""
_TAIL = 2
"""Replies after that to EXEC: WATCH, and the answers."""


class WatchSession(RedisSession):
    """A session that has a connection of its own."""

    async def read(self, queries: tuple[Query, ...]) -> list[Reply]:
        """Return the answers, all of one instant, in one flight; see `Session.read`."""
        wire, slot, plan = await self._wire(), self.slot, self._plan
        is_first, commands = not self._has_read, list[Command]()
        flags = self._flags(queries) if is_first and plan.is_wary else ()
        reading = reading_of(queries, self._keys.gate if is_first else None, None, flags)
        watched = self._unwatch(commands) if is_first else slot.watched
        wanted = self._turns.queue_up(plan, commands) if is_first and plan.takes_turns else ()
        if plan.is_watched:
            watched = self._watch(commands, watched, reading.hard)
        if self._ear is not None:
            commands.append(("CLIENT", "CACHING", "YES"))
        commands.append(reading.command)
        replies = await self._flight_on(wire, commands, plan.token_seconds * len(wanted))
        if has_refusal(replies):
            await self._check(replies)
        if wanted:
            self.meter.vain_waits += self._turns.note(wanted, replies[:-1])
        slot.watched = watched
        self._has_read = True
        answers = replies[-1]
        if is_first:
            slot.gate, *answers = answers
            if slot.gate is not None:
                await self._heed_gate(slot.gate)
        return answers_of(reading, queries, self._without_flags(queries, flags, answers))

    async def commit(self, proposal: Proposal) -> bool:
        """Apply all effects or none, exactly once; see `Session.commit`."""
        if not self._has_read:
            await self._arm()
        elif not self._plan.is_watched and not await self._watch_late(proposal):
            return False
        await self._wire()
        sequence = self.slot.next_sequence()
        replies = await self._send_commit(self._commit_commands(proposal, sequence), sequence)
        if isinstance(replies, bool):
            return replies
        is_committed = await self._verdict(replies)
        self._note_tail(proposal.carried, replies[-1])
        if is_committed:
            self._turns.forget()
        elif self.slot.gate is not None:
            await self._heed_gate(self.slot.gate)
        return is_committed

    def _unwatch(self, commands: list[Command]) -> frozenset[str]:
        """Let go of what would only be in the way; return what stays watched."""
        watched = self.slot.watched
        is_left_over = not watched <= self._own  # from a run that ended without EXEC
        # Who closes the gate changes it, and would be stopped by a WATCH of its own.
        if is_left_over or (watched and self._plan.gate_seconds):
            commands.append(("UNWATCH",))
            return frozenset()
        return watched

    def _watch(
        self, commands: list[Command], watched: frozenset[str], hard: frozenset[str]
    ) -> frozenset[str]:
        """Put keys under WATCH, and our own; return what is watched then."""
        fresh = (hard if self._own <= watched else hard | self._own) - watched
        if fresh:
            commands.append(watch_command(sorted(fresh)))
        return watched | fresh

    async def _arm(self) -> None:
        """Have the record and the gate watched, and nothing else."""
        wire, own = await self._wire(), self._own
        # A gate is not closed for ever: what is remembered of a closed one must be asked anew.
        if self.slot.watched != own or self.slot.gate is not None:
            commands: list[Command] = [
                ("UNWATCH",), ("WATCH", *sorted(own)), ("GET", self._keys.gate)
            ]  # fmt: skip
            replies = await self._flight(commands)
            await self._check(replies)
            self.slot.watched, self.slot.gate = own, replies[-1]
        self._has_read = wire.is_open
        await self._heed_gate(self.slot.gate)

    async def _watch_late(self, proposal: Proposal) -> bool:
        """Watch what was read by a run that was not expected to write; False if it has changed."""
        self._plan = self._plan._replace(is_watched=True)
        self._has_read = False
        replies = await self.read(tuple(proposal.observed))
        return replies == list(proposal.observed.values())

    def _commit_commands(self, proposal: Proposal, sequence: int) -> list[Command]:
        soft = {
            query: reply for query, reply in proposal.observed.items() if query.kind in SOFT_KINDS
        }
        return [
            _MULTI,
            *self._effect_commands(proposal, soft, sequence),
            _EXEC,
            *self._tail(proposal.carried),
        ]

    def _tail(self, carried: tuple[Query, ...]) -> tuple[Command, Command]:
        """Return what arms the next commit, and brings along what it is going to read."""
        reading = reading_of(self._asked_along(carried), self._keys.gate)
        hard = sorted(reading_of(carried, None).hard) if carried else []
        return watch_command([self._record, self._keys.gate, *hard]), reading.command

    def _effect_commands(
        self, proposal: Proposal, soft: dict[Query, Reply], sequence: int
    ) -> list[Command]:
        returned = self._turns.returning() if self._turns.are_held else []
        if not soft:
            written = [self._effect_command(effect, sequence) for effect in proposal.effects]
            return [*written, self._recording(sequence), *map(command_of, returned)]
        # In the program, that is: what it refuses to commit keeps its turn.
        checked = Proposal((*proposal.effects, *returned), soft)
        keys, arguments = commit_call(
            checked, self._record, self._keys.gate, self.slot.writer, sequence
        )
        return [("EVALSHA", script("commit").digest, len(keys), *keys, *arguments)]

    def _recording(self, sequence: int) -> bytes:
        """Return what notes the number of this commit; packed here, for it is always the same."""
        digits = b"%d" % sequence
        return b"*5\r\n%b$%d\r\n%b\r\n%b" % (
            packed("SET", self._record)[4:], len(digits), digits, _EXPIRING
        )  # fmt: skip

    def _effect_command(self, effect: Effect, sequence: int) -> Command:
        if effect.kind != "SET":
            return command_of(effect)
        (payload,) = effect.arguments
        assert isinstance(payload, bytes)
        return pack_set(effect.key, stamp(self.slot.writer, sequence, payload))

    async def _verdict(self, replies: list[Any]) -> bool:
        outcome = replies[-1 - _TAIL]
        self.slot.forget_watches()
        if isinstance(outcome, Exception):
            await self._check(replies)
        self._patience.reset()
        if outcome is None:
            return False
        if has_refusal(outcome):
            await self._judge_refusals(outcome)
        # A program answers with its verdict, a plain command with a status.
        return not isinstance(outcome[0], list) or outcome[0][0] == b"done"

    async def _judge_refusals(self, outcome: list[Any]) -> None:
        """Go on if only a token could not be handed on: the commit took place.

        Raises:
            RestartSignal: the program of the commit was not there, so nothing took place.
            StmCorruptedError: some of the writes were applied.
        """
        if has_refusal(outcome[:1]) and str(outcome[0]).startswith("NOSCRIPT"):
            await self._check(outcome)
        failed = [str(each) for each in outcome if isinstance(each, Exception)]
        if not all(each.startswith("NOSCRIPT") for each in failed):
            raise StmCorruptedError(f"{failed[0]}; the other writes of this commit were applied")
        self.slot.has_programs = False  # the server has forgotten them; the tokens expire

    def _note_tail(self, carried: tuple[Query, ...], answers: Any) -> None:
        slot = self.slot
        if isinstance(answers, Exception):
            slot.drop_wire()
            return
        slot.gate = answers[0]
        slot.watched = self._own
        if carried:
            slot.watched |= reading_of(carried, None).hard
            self._keep(carried, answers[1:])

    @override
    async def _ask_record(self, sequence: int, sent_at: float) -> bool | None:
        """Read the record, and fence the commit if it is not there; None: ask again."""
        wire = self.slot.wire
        assert wire is not None
        _, recorded = await wire.flight([("WATCH", self._record), ("GET", self._record)])
        if isinstance(recorded, Exception):
            raise WireLostError(str(recorded))
        if time.monotonic() - sent_at > RECORD_SECONDS / 2:
            raise StmUnavailableError("the record of the commit has expired", committed=None)
        if recorded is not None and int(recorded) >= sequence:
            self.slot.watched = frozenset((self._record,))
            # A greater number is that of a fence, and a fence is only set on an absent commit.
            return int(recorded) == sequence
        fence = ("SET", self._record, self.slot.next_sequence(), "EX", RECORD_SECONDS)
        outcome = (await wire.flight([_MULTI, fence, _EXEC]))[-1]
        if isinstance(outcome, Exception):
            raise WireLostError(str(outcome))
        return None if outcome is None else False
