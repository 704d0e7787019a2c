"""Each attack is run outside first, where it works, and then inside, where it must not."""

import ctypes
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict

import pytest

from swarm_workers.sandbox.result import RunResult
from tests.integration.sandbox.conftest import Outside

Run = Callable[..., RunResult]

# Each is the body of a script; `target` holds what was planted. It fails by raising.
REACHES_OUT = {
    "writes a file outside": "open(target['folder'] + '/written', 'w').write('x')",
    "reads a secret": "assert open(target['secret_file']).read() == target['secret']",
    "reads a secret through a link": """
        os.symlink(target['secret_file'], link := tempfile.mktemp())
        assert open(link).read() == target['secret']""",
    "changes the mode of a file outside": "os.chmod(target['secret_file'], 0o600)",
    "connects by TCP": "socket.create_connection(('127.0.0.1', target['tcp_port']), 2)",
    "connects to an abstract socket": """
        socket.socket(socket.AF_UNIX).connect(chr(0) + target['abstract_name'])""",
    "connects to a socket in the file system": """
        socket.socket(socket.AF_UNIX).connect(target['socket_path'])""",
    "sends a datagram": """
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sender.connect(('127.0.0.1', target['udp_port']))
        sender.send(b'x'); sender.send(b'x')""",
    "reads another process's environment": """
        assert target['secret'].encode() in open(f"/proc/{target['pid']}/environ", 'rb').read()""",
    "finds the secret in any process": """
        import glob
        found = False
        for path in glob.glob('/proc/[0-9]*/environ'):
            try:
                found = found or target['secret'].encode() in open(path, 'rb').read()
            except OSError:
                pass
        assert found""",
    "traces another process": "call(libc.ptrace, 16, target['pid'], 0, 0)",
    "kills another process": "os.kill(target['pid'], signal.SIGKILL)",
}

PROLOGUE = """
import ctypes, errno, os, signal, socket, sys, tempfile, textwrap
target = {target!r}
libc = ctypes.CDLL(None, use_errno=True)
def call(function, *words):
    if function(*(ctypes.c_long(word) for word in words)) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
try:
    exec(textwrap.dedent({body!r}))
except (OSError, AssertionError) as error:
    print('STOPPED', error)
else:
    print('WORKED')
"""


def script_of(body: str, outside: Outside) -> str:
    planted = {k: v if isinstance(v, int) else str(v) for k, v in asdict(outside).items()}
    return PROLOGUE.format(target=planted, body=body)


def run_outside(script: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=True
    )
    return ran.stdout


@pytest.mark.parametrize("attack", REACHES_OUT)
def test_what_works_outside_is_stopped_inside(
    attack: str, outside: Outside, run_python: Run
) -> None:
    if attack == "reads a secret":
        # the job is told the secret to compare with; it must not be how it gets to know it
        assert outside.secret_file.read_text() == outside.secret
    script = script_of(REACHES_OUT[attack], outside)
    inside = run_python(script)
    assert inside.output.startswith("STOPPED"), inside.output
    assert run_outside(script).startswith("WORKED"), "the attack itself is broken"


def test_a_secret_in_the_workers_environment_is_not_in_the_jobs(
    monkeypatch: pytest.MonkeyPatch, run_python: Run
) -> None:
    monkeypatch.setenv("SWARM_PLANTED", "a-secret-value")
    inside = run_python("import os; print(sorted(os.environ))")
    assert "PATH" in inside.output
    assert "SWARM_PLANTED" not in inside.output


SYSTEM_CALLS = {
    # name: number (x86_64, aarch64), arguments at which the kernel says something else
    "io_uring_setup": ((425, 425), (1, 0)),
    "bpf": ((321, 280), (9999, 0, 0)),
    "keyctl": ((250, 219), (9999,)),
    "perf_event_open": ((298, 241), (0, 0, -1, -1, 0)),
    "process_vm_readv": ((310, 270), (999999, 0, 0, 0, 0, 0)),
    "userfaultfd": ((323, 282), (-1,)),
    "open_by_handle_at": ((304, 265), (-1, 0, 0)),
    "pidfd_getfd": ((438, 438), (-1, 0, 0)),
}


@pytest.mark.parametrize("name", SYSTEM_CALLS)
def test_a_door_of_the_kernel_is_closed(name: str, run_python: Run) -> None:
    numbers, words = SYSTEM_CALLS[name]
    number = numbers[["x86_64", "aarch64"].index(os.uname().machine)]
    script = f"""
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
result = libc.syscall(*(ctypes.c_long(word) for word in {(number, *words)}))
print(result, ctypes.get_errno())
"""
    assert run_python(script).output.split() == ["-1", "1"]
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall(*(ctypes.c_long(word) for word in (number, *words)))
    assert os.geteuid() != 0 or ctypes.get_errno() != 1, "the kernel refuses it anyway"


NAMESPACES = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWUSER = 0x10000000
print(libc.unshare(CLONE_NEWUSER), ctypes.get_errno())
number = {"x86_64": 56, "aarch64": 220}[os.uname().machine]
print(libc.syscall(number, CLONE_NEWUSER | 17, 0, 0, 0, 0), ctypes.get_errno())
"""


def test_no_namespace_can_be_made_inside_another(run_python: Run) -> None:
    assert run_python(NAMESPACES).output.split() == ["-1", "1", "-1", "1"]


def test_a_job_is_not_root_and_cannot_become_it(run_python: Run) -> None:
    script = """
import os
for change in (os.setuid, os.setgid, os.seteuid):
    try:
        change(0)
        print("WORKED")
    except OSError as error:
        print(error.errno)
print(os.getuid() != 0, [l for l in open("/proc/self/status") if l.startswith("CapEff")])
"""
    output = run_python(script).output
    assert set(output.split()[:3]) <= {"1", "22"}, "EPERM, or EINVAL where there is no root"
    assert output.split()[3] == "True"
    assert "CapEff:\\t0000000000000000" in output


def test_a_job_cannot_kill_or_stop_or_read_the_zygote(run_python: Run) -> None:
    script = """
import os, signal
for number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM, signal.SIGINT):
    try:
        os.kill(1, number)
    except OSError:
        pass
for name in ("environ", "mem", "maps", "fd/3"):
    try:
        open(f"/proc/1/{name}", "rb").read(1)
        print("WORKED", name)
    except OSError:
        pass
"""
    assert run_python(script).output == ""
    assert run_python("print('still here')").output == "still here\n"


def test_what_is_bound_from_outside_cannot_be_written(run_python: Run) -> None:
    script = """
import os, sys
for folder in (sys.prefix, sys.base_prefix, "/usr", "/etc", "/", "/dev", "/.swarm",
               "/.swarm/swarm_inside", "/.swarm/bin", "/proc/sys/kernel"):
    try:
        open(folder + "/planted", "w")
        print("WORKED", folder)
    except OSError:
        pass
"""
    assert run_python(script).output == ""


def test_sockets_of_other_kinds_than_local_ones_cannot_be_made(run_python: Run) -> None:
    script = """
import socket
for family in (socket.AF_PACKET, socket.AF_VSOCK, socket.AF_ALG, 31):
    try:
        socket.socket(family, socket.SOCK_RAW if family == socket.AF_PACKET else socket.SOCK_STREAM)
        print("WORKED", family)
    except OSError:
        pass
"""
    assert run_python(script).output == ""


def test_a_daemon_does_not_survive_the_run(run_python: Run) -> None:
    daemon = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(1000)
    os._exit(0)
"""
    assert run_python(daemon).exit_status == 0
    alive = run_python(
        "import os; print(sorted(int(n) for n in os.listdir('/proc') if n.isdigit()))"
    )
    pids = alive.output.strip("[]\n").split(", ")
    assert len(pids) == 2
    assert pids[0] == "1"


def test_nothing_that_a_job_leaves_is_there_for_the_next(run_python: Run) -> None:
    leave = """
import os
for root in ("/box", "/tmp", "/dev/shm"):
    os.makedirs(root + "/left/" + "/".join("d" * 200 for _ in range(3)))
    open(root + "/left/file", "w").write("x")
    os.symlink("/usr", root + "/left/link")
    os.chmod(root + "/left", 0)
path = "/box/deep"
os.mkdir(path)
os.chdir(path)
for _ in range(3000):
    os.mkdir("d")
    os.chdir("d")
"""
    look = "import os; print([sorted(os.listdir(d)) for d in ('/box', '/dev/shm', '/tmp')])"
    before = run_python(look).output
    assert run_python(leave).exit_status == 0
    assert run_python(look).output == before


def test_a_job_cannot_take_the_report_from_the_next(run_python: Run) -> None:
    spoil = """
import os
for change in (os.unlink, lambda p: os.rename(p, p + "x"), lambda p: os.chmod(p, 0)):
    try:
        change("/.swarm/report")
    except OSError:
        pass
open("test_it.py", "w").write("def test(): pass")
"""
    run_python(spoil)
    ended = run_python(
        "open('test_it.py', 'w').write('def test(): pass')\nimport os, sys\n"
        "os.execv(sys.executable, [sys.executable, '-m', 'pytest'])"
    )
    assert [test.test for test in ended.tests or ()] == ["test_it.py::test"], ended.output
