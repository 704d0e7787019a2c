"""Values to bytes and back."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarm_workers.stm.codec import HEADER_BYTES, Codec, payload_of, stamp
from swarm_workers.stm.errors import StmCodecError

_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(_JSON)
def test_what_is_encoded_and_stamped_comes_back(value: object) -> None:
    codec: Codec[Any] = Codec("v", Any)
    payload = codec.encode(value)
    stored = stamp("abcd-_12", 7, payload)
    assert stored[:HEADER_BYTES] == b"abcd-_12:000000000007;"
    assert codec.decode(payload_of("v", stored)) == value


def test_equal_dicts_give_equal_bytes() -> None:
    codec: Codec[dict[str, int]] = Codec("v", dict[str, int])
    assert codec.encode({"a": 1, "b": 2}) == codec.encode({"b": 2, "a": 1})


def test_what_would_come_back_as_something_else_is_refused_where_it_is_written() -> None:
    with pytest.raises(StmCodecError, match="it would come back as None"):
        Codec[float | None]("v", float | None).encode(float("inf"))
    with pytest.raises(StmCodecError, match="'v' does not fit"):
        Codec[float]("v", float).encode(float("nan"))
