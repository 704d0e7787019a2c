"""Keeping the logs of the stack bounded."""

import shutil
from pathlib import Path


def rotate_logs(folder: Path, *, bytes_max: int) -> None:
    """Move the content of each log that has grown too large to `<name>.1`, over what was there.

    The file itself is emptied, not renamed: its writer holds it open, and appends.
    """
    for log in folder.glob("*.log"):
        if log.stat().st_size > bytes_max:
            shutil.copyfile(log, log.with_name(f"{log.name}.1"))
            with log.open("r+b") as stream:
                stream.truncate(0)
