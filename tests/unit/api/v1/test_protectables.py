# SPDX-License-Identifier: Apache-2.0
"""Parameters written as Python writes them, and nothing worse."""

import pytest

from karbor_copy import exceptions
from karbor_copy.api.v1 import protectables


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (None, None),
        ("{}", {}),
        ("{'a': 'b', 'c': [1, True, None]}", {"a": "b", "c": [1, True, None]}),
    ],
)
def test_good(text: str | None, value: object) -> None:
    assert protectables._parameters(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "[]",
        "{'a': b}",
        "{'a'}",
        "{[]: 1}",
        "__import__('os')",
        "(" * 4000,
        "{" * 200,
        "{'a': '" + "x" * 5000 + "'}",
        "{'a': " + "-" * 3000 + "1}",
    ],
)
def test_bad(text: str) -> None:
    with pytest.raises(exceptions.Invalid, match="parameters"):
        protectables._parameters(text)
