# SPDX-License-Identifier: Apache-2.0
"""The tests that the documentation names are there."""

import pathlib
import re

ROOT = pathlib.Path(__file__).parents[2]
PAGE = ROOT / "doc" / "source" / "admin" / "security.rst"


def test_each_test_that_is_named_is_there() -> None:
    text = PAGE.read_text(encoding="utf-8")
    named = set(re.findall(r"``(tests/[^`]+)``", text))
    assert len(named) > 20
    for name in named:
        lines = (ROOT / name).read_text(encoding="utf-8")
        assert re.search(r"^def test_", lines, re.MULTILINE), name


def test_each_threat_has_tests_or_says_that_it_has_none() -> None:
    _, _, table = PAGE.read_text(encoding="utf-8").partition(
        "Threat by threat"
    )
    rows = table.split("\n   * - ")[2:]
    assert len(rows) == 18
    for row in rows:
        cells = row.split("\n     - ")
        assert len(cells) == 3
        assert ("tests/" in cells[2]) != (cells[2].strip() == "none")
