"""The programs in the server, which outlive the clients that brought them."""

import hashlib

from swarm_workers.stm.engines.scripts import LIBRARY, library

_DIGESTS = {"swarm_stm_2": "a754d0e52372bd2b"}
"""A server keeps a library over restarts: under a known name it is never loaded again."""


def test_a_changed_program_has_another_name() -> None:
    digest = hashlib.sha256(library().encode()).hexdigest()[:16]
    assert {LIBRARY: digest} == _DIGESTS, f"rename the library, and note {digest}"
