"""Where the server is, and how one is let in."""

import ssl
from dataclasses import dataclass, field
from typing import Any

from redis.connection import SSLConnection, UnixDomainSocketConnection, parse_url

from swarm_workers.stm.errors import StmUsageError
from swarm_workers.stm.wires.packing import Command

_SECONDS_DEFAULT = 5.0
_VERIFY_MODES = {
    "none": ssl.CERT_NONE,
    "optional": ssl.CERT_OPTIONAL,
    "required": ssl.CERT_REQUIRED,
}
_IGNORED = {"max_connections", "connection_class", "protocol", "decode_responses", "client_name"}


@dataclass(frozen=True, slots=True)
class Address:
    """A server, a database of it, and what it asks for at the door."""

    host: str
    port: int
    path: str | None
    """Of a Unix socket; None for TCP."""
    database: int
    username: str | None
    password: str | None = field(repr=False)
    tls: ssl.SSLContext | None
    connect_seconds: float
    answer_seconds: float | None
    """How long one answer may take; None means for ever."""
    round_trip_seconds: float = 0.0
    """Added to every flight, to try out a network that is not there."""

    @property
    def place(self) -> tuple[str | int, ...]:
        """Which database it is, without who asks and how."""
        return self.path or self.host, self.port, self.database

    def greeting(self) -> list[Command]:
        """Return what is sent first; every reply must be free of errors."""
        hello: list[str | bytes | int] = ["HELLO", 3]
        if self.password is not None:
            hello += ["AUTH", self.username or "default", self.password]
        select: list[Command] = [("SELECT", self.database)] if self.database else []
        # OPTIN: the server remembers, for this connection, only what it is told to.
        return [tuple(hello), ("CLIENT", "TRACKING", "ON", "OPTIN"), *select]


def parse_address(url: str, *, round_trip_seconds: float = 0.0) -> Address:
    """Return the address in a URL.

    Args:
        url: `redis://user:password@host:port/db`, `rediss://…` or `unix://…`, with the options of
            redis-py that concern the connection, such as `?ssl_ca_certs=…&socket_timeout=…`.
        round_trip_seconds: emulated.

    Raises:
        StmUsageError: it is none of these.
    """
    try:
        options: dict[str, Any] = parse_url(url)  # type: ignore[no-untyped-call]
        return _address(options, round_trip_seconds)
    except (ValueError, OSError) as error:
        # The URL itself may hold a password, so it is not repeated.
        raise StmUsageError(f"the URL of Redis cannot be used: {error}") from None


def _address(options: dict[str, Any], round_trip_seconds: float) -> Address:
    kind = options.get("connection_class")
    is_unix = kind is not None and issubclass(kind, UnixDomainSocketConnection)
    is_tls = kind is not None and issubclass(kind, SSLConnection)
    tls_options = {name: options.pop(name) for name in list(options) if name.startswith("ssl_")}
    address = Address(
        host=options.pop("host", "localhost"),
        port=int(options.pop("port", 6379)),
        path=options.pop("path", None) if is_unix else None,
        database=int(options.pop("db", 0) or 0),
        username=options.pop("username", None),
        password=options.pop("password", None),
        tls=_tls(tls_options) if is_tls else None,
        connect_seconds=float(options.pop("socket_connect_timeout", _SECONDS_DEFAULT)),
        answer_seconds=float(options.pop("socket_timeout", _SECONDS_DEFAULT)),
        round_trip_seconds=round_trip_seconds,
    )
    unknown = sorted(set(options) - _IGNORED)
    if unknown:
        raise ValueError(f"option '{unknown[0]}' is not known here")
    return address


def _tls(options: dict[str, Any]) -> ssl.SSLContext:
    context = ssl.create_default_context(
        cafile=options.pop("ssl_ca_certs", None),
        capath=options.pop("ssl_ca_path", None),
        cadata=options.pop("ssl_ca_data", None),
    )
    mode = _VERIFY_MODES[str(options.pop("ssl_cert_reqs", "required"))]
    is_checked = str(options.pop("ssl_check_hostname", True)).lower() in {"true", "1", "yes"}
    context.check_hostname = is_checked and mode is not ssl.CERT_NONE
    context.verify_mode = mode
    certificate, key = options.pop("ssl_certfile", None), options.pop("ssl_keyfile", None)
    if certificate:
        context.load_cert_chain(certificate, key, options.pop("ssl_password", None))
    if options:
        raise ValueError(f"option '{min(options)}' is not known here")
    return context
