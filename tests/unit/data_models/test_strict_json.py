# SPDX-License-Identifier: Apache-2.0
import json

import pytest

from karbor_copy.data_models import strict_json


@pytest.mark.parametrize("value", [None, [], {"a": [1, 2.5, "é", True]}])
def test_what_any_library_writes_is_read(value):
    text = json.dumps(value)
    assert strict_json.loads(text) == value
    assert strict_json.loads(text.encode()) == value


@pytest.mark.parametrize("mixed", ["[", '{"a":'])
def test_the_depth(mixed):
    closing = "]" if mixed == "[" else "}"

    def nested(levels):
        return mixed * levels + "0" + closing * levels

    strict_json.loads(nested(strict_json.MAX_DEPTH))
    for levels in (strict_json.MAX_DEPTH + 1, 900, 100_000):
        with pytest.raises(ValueError, match="deep"):
            strict_json.loads(nested(levels))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "Expecting"),
        ("NaN", "NaN is no number"),
        ("[Infinity]", "Infinity is no number"),
        ('{"a": 1, "a": 1}', "twice"),
        ('[{"b": {"a": 1, "a": 2}}]', "twice"),
        ("\ufeff[]", "BOM"),
        (b"\xef\xbb\xbf[]", "BOM"),
        (b"\xff\xfe[\x00]\x00", "codec"),
        (b'"\xff"', "codec"),
        ("[1] 2", "Extra data"),
    ],
)
def test_what_readers_would_differ_about(text, reason):
    with pytest.raises(ValueError, match=reason):
        strict_json.loads(text)
