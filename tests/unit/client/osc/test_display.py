# SPDX-License-Identifier: Apache-2.0
"""Tests of rows and cells."""

import pytest

from karbor_copy.client.osc import display


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (64 << 20, "64.0 MiB"),
        (3 << 29, "1.5 GiB"),
        (5 << 50, "5120.0 TiB"),
    ],
)
def test_human_size(size: int, text: str) -> None:
    assert display.human_size(size) == text


def test_table() -> None:
    items = [{"id": "a", "bytes_total": 2048, "more": 1}, {"id": None}]
    names, rows = display.table(items, ("id", "bytes_total"))
    first, second = rows
    assert names == ("id", "bytes_total")
    assert first[0] == "a"
    assert first[1].human_readable() == "2.0 KiB"
    assert first[1].machine_readable() == 2048
    assert second == ("", "")


def test_details() -> None:
    names, values = display.details(
        {"a": {"b": ["é"]}, "c": [], "d": True, "e": ["x", "y"]}
    )
    assert names == ("a", "c", "d", "e")
    assert values[0].machine_readable() == {"b": ["é"]}
    assert values[0].human_readable() == '{\n "b": [\n  "é"\n ]\n}'
    assert values[1].human_readable() == ""
    assert values[2] is True
    assert values[3].human_readable() == "x\ny"
