"""Between jobs: what a job left in the writable folders is read where wanted, then removed.

All of it was named and nested by code that nobody vouches for: no symbolic link is followed, and
no path grows with the depth of what is removed.
"""

from __future__ import annotations

import os
import stat

_REPORT_DEPTH_MAX = 3
_REPORT_BYTES_MAX = 8 << 20
_REPORTS_MAX = 20
_ENTRIES_MAX = 20_000


def find_xml_reports(root: str, skip: str | None, since: float) -> list[str]:
    """Return the text of JUnit reports written below a folder since an instant, boundedly.

    Args:
        root: where to look, at most three folders deep.
        skip: a folder below it that is not looked into, relative; None for none.
        since: seconds of the system clock; older files are left alone.
    """
    found: list[str] = []
    looked_at = 0
    folders = [(root, 0)]
    while folders:
        folder, depth = folders.pop()
        for entry in _entries(folder):
            looked_at += 1
            if looked_at > _ENTRIES_MAX or len(found) >= _REPORTS_MAX:
                return found
            if entry.is_dir(follow_symlinks=False):
                if depth < _REPORT_DEPTH_MAX and os.path.relpath(entry.path, root) != skip:
                    folders.append((entry.path, depth + 1))
            elif entry.name.endswith(".xml"):
                found += _read_report(entry.path, since)
    return found


def empty(root: str, keep: set[str]) -> None:
    """Remove all below a folder, but the kept paths and the folders that lead to them.

    Raises:
        OSError: something could not be removed; the folder must not be used again.
    """
    number = 0
    again = True
    while again:
        again = False
        for entry in list(os.scandir(root)):
            if entry.path in keep:
                continue
            if any(kept.startswith(entry.path + "/") for kept in keep):
                empty(entry.path, keep)
            elif entry.is_dir(follow_symlinks=False):
                number, hoisted = _remove_folder(entry.path, root, number)
                again = again or hoisted
            else:
                os.unlink(entry.path)


def _remove_folder(folder: str, root: str, number: int) -> tuple[int, bool]:
    """Remove one folder; the folders in it are moved up to the root, for the next round."""
    os.chmod(folder, 0o700)
    hoisted = False
    for entry in list(os.scandir(folder)):
        if entry.is_dir(follow_symlinks=False):
            os.chmod(entry.path, 0o700)  # a folder moves only if it may be written
            number += 1
            os.rename(entry.path, os.path.join(root, ".wiped-%d-%d" % (os.getpid(), number)))
            hoisted = True
        else:
            os.unlink(entry.path)
    os.rmdir(folder)
    return number, hoisted


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        return sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return []


def _read_report(path: str, since: float) -> list[str]:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return []
    with open(fd, "rb") as file:
        status = os.fstat(fd)
        is_wanted = stat.S_ISREG(status.st_mode) and status.st_mtime >= since
        if not is_wanted or status.st_size > _REPORT_BYTES_MAX:
            return []
        text = file.read(_REPORT_BYTES_MAX).decode("utf-8", "replace")
    return [text] if "<testsuite" in text else []
