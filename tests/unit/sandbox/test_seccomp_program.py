"""The filter, run by a small machine that reads it as the kernel does."""

import errno
import re
import struct
from pathlib import Path

import pytest

from swarm_workers.sandbox.inside import seccomp

ALLOW, KILL = 0x7FFF0000, 0x80000000
HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}


def decide(machine: str, number: int, *words: int, architecture: int | None = None) -> int:
    """Return what the filter answers to one call."""
    program = list(struct.iter_unpack("HBBI", seccomp.make_program(machine)))
    told = seccomp.ARCHITECTURES[machine] if architecture is None else architecture
    data = struct.pack("=IIQ6Q", number, told, 0, *(*words, *([0] * (6 - len(words)))))
    accumulator, position = 0, 0
    while True:
        code, if_true, if_false, value = program[position]
        position += 1
        if code == 0x20:
            (accumulator,) = struct.unpack_from("=I", data, value)
        elif code == 0x06:
            return value
        else:
            is_true = {
                0x15: accumulator == value,
                0x35: accumulator >= value,
                0x45: bool(accumulator & value),
            }[code]
            position += if_true if is_true else if_false


def refusal(number: int) -> int:
    return 0x00050000 | number


machines = pytest.mark.parametrize("machine", list(seccomp.ARCHITECTURES))


@machines
def test_every_call_of_the_list_is_refused(machine: str) -> None:
    column = list(seccomp.ARCHITECTURES).index(machine)
    for numbers in seccomp.DENIED.values():
        if numbers[column] is not None:
            assert decide(machine, numbers[column]) == refusal(errno.EPERM)
    for numbers in seccomp.ABSENT.values():
        assert decide(machine, numbers[column]) == refusal(errno.ENOSYS)


@machines
def test_every_other_call_is_allowed(machine: str) -> None:
    column = list(seccomp.ARCHITECTURES).index(machine)
    listed = {n[column] for n in (*seccomp.DENIED.values(), *seccomp.ABSENT.values())}
    sockets = ({41, 53}, {198, 199})[column]
    for number in set(range(500)) - listed - sockets:
        assert decide(machine, number) == ALLOW, number


@machines
def test_calls_of_another_architecture_kill(machine: str) -> None:
    assert decide(machine, 0, architecture=0x40000003) == KILL


def test_the_second_table_of_x86_does_not_exist() -> None:
    assert decide("x86_64", 0x40000000 | 101) == refusal(errno.ENOSYS)


@pytest.mark.parametrize(("machine", "clone"), [("x86_64", 56), ("aarch64", 220)])
def test_clone_makes_threads_and_no_namespaces(machine: str, clone: int) -> None:
    assert decide(machine, clone, 0x003D0F00) == ALLOW
    for bit in (0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000):
        assert decide(machine, clone, bit | 17) == refusal(errno.EPERM)


@pytest.mark.parametrize(("machine", "mknodat"), [("x86_64", 259), ("aarch64", 33)])
def test_pipes_may_be_made_and_devices_not(machine: str, mknodat: int) -> None:
    for kind in (0o010000, 0o100000, 0o140000):
        assert decide(machine, mknodat, 0, 0, kind | 0o644) == ALLOW
    for kind in (0o020000, 0o060000):
        assert decide(machine, mknodat, 0, 0, kind | 0o644) == refusal(errno.EPERM)


@pytest.mark.parametrize(("machine", "socket"), [("x86_64", 41), ("aarch64", 198)])
def test_only_local_families_of_sockets_may_be_made(machine: str, socket: int) -> None:
    for family in range(50):
        wanted = ALLOW if family in (1, 2, 10, 16) else refusal(errno.EAFNOSUPPORT)
        assert decide(machine, socket, family) == wanted


@pytest.mark.parametrize(("machine", "ioctl"), [("x86_64", 16), ("aarch64", 29)])
def test_nothing_can_be_typed_into_a_terminal(machine: str, ioctl: int) -> None:
    assert decide(machine, ioctl, 0, 0x5412) == refusal(errno.EPERM)
    assert decide(machine, ioctl, 0, 0x5413) == ALLOW


@machines
def test_the_numbers_are_those_of_the_kernels_headers(machine: str) -> None:
    header = HEADERS[machine]
    if not header.exists():
        pytest.skip(f"no '{header}' on this machine")
    pattern = r"#define __NR(?:3264)?_(\w+) (\d+)"
    known = {name: int(number) for name, number in re.findall(pattern, header.read_text())}
    column = list(seccomp.ARCHITECTURES).index(machine)
    checked = 0
    for name, numbers in {**seccomp.DENIED, **seccomp.ABSENT}.items():
        if name in known:
            assert numbers[column] == known[name], name
            checked += 1
    assert checked > 40
