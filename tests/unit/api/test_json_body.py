# SPDX-License-Identifier: Apache-2.0
"""Good JSON is read as it is, doubtful JSON is refused by name."""

import json

import hypothesis
import pytest
from hypothesis import strategies

from karbor_copy import exceptions
from karbor_copy.api import json_body

TEXT = strategies.text(
    strategies.characters(exclude_categories=["Cs"], exclude_characters="\0")
)
JSON = strategies.recursive(
    strategies.none()
    | strategies.booleans()
    | strategies.integers(-json_body.MAX_INTEGER, json_body.MAX_INTEGER)
    | strategies.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: (
        strategies.lists(inner, max_size=4)
        | strategies.dictionaries(TEXT, inner, max_size=4)
    ),
    max_leaves=12,
)


@hypothesis.given(JSON)
def test_what_was_written_is_read(value: object) -> None:
    assert json_body.parse(json.dumps(value).encode()) == value


@hypothesis.given(strategies.binary(max_size=64))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    refusal = ""
    try:
        json_body.parse(body)
    except exceptions.Invalid as error:
        refusal = str(error)
    assert not refusal or refusal.startswith("Malformed request body: ")


@pytest.mark.parametrize("depth", [1, json_body.MAX_DEPTH])
def test_nesting_up_to_the_limit(depth: int) -> None:
    assert json_body.parse(b"[" * depth + b"1" + b"]" * depth)
    json_body.parse(b"[" * depth + b"]" * depth)
    json_body.parse(b'{"a":' * depth + b"1" + b"}" * depth)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"[" * 21 + b"]" * 21, "levels deep"),
        (b'{"a":' * 21 + b"1" + b"}" * 21, "levels deep"),
        (b"[" * 60000, "levels deep"),
        (b"", "not valid JSON"),
        (b"\xff", "not valid JSON"),
        (b"\xef\xbb\xbf{}", "not valid JSON"),
        (b'{"a": 1, "b": {"c": 1, "c": 1}}', "the key 'c' is given twice"),
        (b"-Infinity", "-Infinity is no JSON number"),
        (b"-1e400", "a number is too large"),
        (b"9223372036854775808", "an integer is too large"),
        (b"-9223372036854775808", "an integer is too large"),
        (b"1" * 10000, "an integer is too large"),
        (b'["\\u0000"]', "NUL"),
        (b'{"\\udfff": 1}', "surrogate"),
    ],
)
def test_doubtful_bodies(body: bytes, reason: str) -> None:
    with pytest.raises(exceptions.Invalid, match=reason):
        json_body.parse(body)
