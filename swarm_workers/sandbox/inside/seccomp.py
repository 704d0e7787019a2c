"""The third wall: system calls that no test needs and that attacks on the kernel like.

A deny list, because the list of what all tests may need has no end: the namespaces and Landlock
decide what can be reached, this decides which doors of the kernel may be knocked on.
Pure but for `install`.

Source: https://docs.kernel.org/userspace-api/seccomp_filter.html
"""

from __future__ import annotations

import ctypes
import errno
import struct

from .kernel import PR_SET_SECCOMP, prctl

_MODE_FILTER = 2
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_KILL_PROCESS, _ERRNO, _ALLOW = 0x80000000, 0x00050000, 0x7FFF0000
_AT_NUMBER, _AT_ARCHITECTURE, _AT_ARGUMENT = 0, 4, 16
_X32_BIT = 0x40000000

ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

DENIED = {
    # name: (x86_64, aarch64); None where the machine has no such call
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pidfd_getfd": (438, 438),
    "kcmp": (312, 272),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "unshare": (272, 97),
    "setns": (308, 268),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "reboot": (169, 142),
    "acct": (163, 89),
    "syslog": (103, 116),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "clock_settime": (227, 112),
    "settimeofday": (164, 170),
    "adjtimex": (159, 171),
    "clock_adjtime": (305, 266),
    "fanotify_init": (300, 262),
    "vhangup": (153, 58),
    "iopl": (172, None),
    "ioperm": (173, None),
    "modify_ldt": (154, None),
}

ABSENT = {
    # answered with "no such call", so that libraries fall back to what they did before it existed
    "clone3": (435, 435),  # its flags lie in memory, where a filter cannot look
    # memory that no limit counts, and state that would outlive the job
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "semget": (64, 190),
    "mq_open": (240, 180),
}

_CLONE, _IOCTL, _SOCKET, _SOCKETPAIR = (56, 220), (16, 29), (41, 198), (53, 199)
_MKNOD, _MKNODAT = (133, None), (259, 33)
_NEW_NAMESPACES = 0x7E020000
_DEVICE_BIT = 0x2000  # set in the modes of character and block devices, not of pipes and sockets
_TERMINAL_INJECTIONS = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX
_FAMILIES = (1, 2, 10, 16)  # unix, inet, inet6, netlink: all of them bounded by the namespace


def make_program(machine: str) -> bytes:
    """Return the filter for a machine, as the kernel reads it.

    Raises:
        KeyError: there is no table for this machine.
    """
    architecture = ARCHITECTURES[machine]
    column = list(ARCHITECTURES).index(machine)
    program = [
        _step(_LOAD, _AT_ARCHITECTURE),
        _step(_EQUAL, architecture, 1, 0),
        _step(_RETURN, _KILL_PROCESS),
        _step(_LOAD, _AT_NUMBER),
    ]
    if machine == "x86_64":
        program += [_step(_AT_LEAST, _X32_BIT, 0, 1), _refuse(errno.ENOSYS)]
    for table, number in ((DENIED, errno.EPERM), (ABSENT, errno.ENOSYS)):
        for numbers in table.values():
            program += _guarded(numbers[column], [_refuse(number)])
    program += _by_argument(column)
    return b"".join([*program, _step(_RETURN, _ALLOW)])


def install(program: bytes) -> None:
    """Put this process, and all that it will start, under the filter for good.

    Raises:
        OSError: the kernel said no.
    """
    instructions = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(instructions))
    prctl(PR_SET_SECCOMP, _MODE_FILTER, ctypes.c_char_p(header))


def _by_argument(column: int) -> list[bytes]:
    """Return the rules that look at what a call was given."""
    program = _guarded(_CLONE[column], _refuse_bits(0, _NEW_NAMESPACES))
    program += _guarded(_MKNOD[column], _refuse_bits(1, _DEVICE_BIT))
    program += _guarded(_MKNODAT[column], _refuse_bits(2, _DEVICE_BIT))
    injections = [_step(_LOAD, _argument(1))]
    for request in _TERMINAL_INJECTIONS:
        injections += [_step(_EQUAL, request, 0, 1), _refuse(errno.EPERM)]
    program += _guarded(_IOCTL[column], [*injections, _step(_RETURN, _ALLOW)])
    families = [_step(_LOAD, _argument(0))]
    for family in _FAMILIES:
        families += [_step(_EQUAL, family, 0, 1), _step(_RETURN, _ALLOW)]
    for numbers in (_SOCKET, _SOCKETPAIR):
        program += _guarded(numbers[column], [*families, _refuse(errno.EAFNOSUPPORT)])
    return program


def _guarded(number: int | None, body: list[bytes]) -> list[bytes]:
    """Return steps that run the body, which always decides, for this one call."""
    return [] if number is None else [_step(_EQUAL, number, 0, len(body)), *body]


def _refuse_bits(argument: int, bits: int) -> list[bytes]:
    return [
        _step(_LOAD, _argument(argument)),
        _step(_ANY_BIT, bits, 0, 1),
        _refuse(errno.EPERM),
        _step(_RETURN, _ALLOW),
    ]


def _argument(index: int) -> int:
    return _AT_ARGUMENT + 8 * index


def _refuse(number: int) -> bytes:
    return _step(_RETURN, _ERRNO | number)


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("HBBI", code, if_true, if_false, value)
