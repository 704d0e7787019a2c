"""Where an embedded server listens and with which password: made once, kept over restarts."""

import json
import os
import secrets
import socket
import tempfile
from pathlib import Path

from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from orchestrator.errors import StackError

HOST = "127.0.0.1"


class Endpoint(BaseModel):
    """A port on the loopback interface and the password that opens it."""

    model_config = ConfigDict(frozen=True)

    port: int
    password: SecretStr

    @property
    def secret(self) -> str:
        """The password in the clear, for a URL or a configuration file of mode 0600."""
        return self.password.get_secret_value()


def settle_endpoint(file: Path) -> Endpoint:
    """Return the endpoint kept in `file`, made if there is none, with a port that is free now."""
    try:
        kept = load_endpoint(file)
    except FileNotFoundError:
        kept = Endpoint(port=0, password=SecretStr(secrets.token_urlsafe(24)))
    if kept.port and is_port_free(kept.port):
        return kept
    return save_endpoint(file, kept.model_copy(update={"port": free_port()}))


def save_endpoint(file: Path, endpoint: Endpoint) -> Endpoint:
    """Write the endpoint for the owner alone, whole or not at all; return it."""
    write_private(file, json.dumps({"port": endpoint.port, "password": endpoint.secret}))
    return endpoint


def load_endpoint(file: Path) -> Endpoint:
    """Return the endpoint kept in `file`.

    Raises:
        FileNotFoundError: there is none.
        StackError: the file is not one that this program wrote.
    """
    try:
        return Endpoint.model_validate_json(file.read_text())
    except (ValidationError, UnicodeDecodeError) as error:
        raise StackError(f"'{file}' is damaged: restore it, or move its folder away") from error


def write_private(file: Path, text: str) -> None:
    """Write a file of mode 0600 so that a crash leaves the old text or the new, never half."""
    descriptor, draft = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(descriptor, "w") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(draft).replace(file)
    except BaseException:
        Path(draft).unlink()
        raise


def free_port() -> int:
    """Return a port of the loopback interface that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def is_port_free(port: int) -> bool:
    """Return whether a server could listen on the port (what a closed one left is no obstacle)."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
