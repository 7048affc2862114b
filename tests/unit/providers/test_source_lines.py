# SPDX-License-Identifier: Apache-2.0
"""Tests of karbor_copy.providers.source_lines."""

import pathlib
import traceback

import pytest

from karbor_copy import exceptions
from karbor_copy.providers import source_lines

TEXT = """\
# a comment
[provider]
name = one
plugin = first
plugin = second

description = long
  and longer
ID = x
[copy]
targets = a,
  b"""


def lines_of(path: pathlib.Path, data: bytes) -> source_lines.SourceLines:
    file = path / "one.conf"
    file.write_bytes(data)
    return source_lines.SourceLines(file)


@pytest.mark.parametrize(
    ("group", "option", "line"),
    [
        ("provider", "name", 3),
        ("provider", "plugin", 5),
        ("provider", "description", 7),
        ("provider", "id", 9),
        ("Provider", "ID", 9),
        ("copy", "targets", 11),
        ("copy", "verify", 10),
        ("other", "option", 1),
    ],
)
def test_an_error_names_the_line(
    tmp_path: pathlib.Path, group: str, option: str, line: int
) -> None:
    error = lines_of(tmp_path, TEXT.encode()).error(group, option, "bad")
    path = tmp_path / "one.conf"
    assert str(error) == (f"{path}:{line}: [{group.lower()}] {option}: bad")


def test_one_of_several_can_be_meant(tmp_path: pathlib.Path) -> None:
    lines = lines_of(tmp_path, TEXT.encode())
    error = lines.error("provider", "plugin", "bad", index=0)
    assert "one.conf:4:" in str(error)


def test_it_knows_what_is_set(tmp_path: pathlib.Path) -> None:
    lines = lines_of(tmp_path, TEXT.encode())
    assert lines.options("COPY") == {"targets"}
    assert lines.options("other") == set()


@pytest.mark.parametrize(
    ("data", "line", "reason"),
    [
        (b"[provider]\nname\n", 2, "No ':' or '='"),
        (b"\n\n[provider\n", 3, "Invalid section"),
        (b"[]\n", 1, "Empty section"),
        (b"[provider]\n= x\n", 2, "Key cannot be empty"),
        (b"\nname = x\n", 2, "Section must be started"),
        (b"[provider]\n  name = x\n", 2, "Unexpected continuation"),
        (b"[provider]\nname = x\nid = \xff\n", 3, "not UTF-8"),
    ],
)
def test_what_can_not_be_parsed_is_named_by_line(
    tmp_path: pathlib.Path, data: bytes, line: int, reason: str
) -> None:
    with pytest.raises(exceptions.ProviderConfigError) as caught:
        lines_of(tmp_path, data)
    text = str(caught.value)
    assert text.startswith(f"{tmp_path / 'one.conf'}:{line}: {reason}")


@pytest.mark.parametrize(
    "text", ["swift_key c4n4ry", "\n  c4n4ry", "[c4n4ry", "key = c4n4ry"]
)
def test_a_line_that_can_not_be_parsed_is_not_told(
    tmp_path: pathlib.Path, text: str
) -> None:
    with pytest.raises(exceptions.ProviderConfigError) as caught:
        lines_of(tmp_path, text.encode())
    assert "c4n4ry" not in "".join(traceback.format_exception(caught.value))


def test_a_file_that_can_not_be_read_is_named(
    tmp_path: pathlib.Path,
) -> None:
    with pytest.raises(
        exceptions.ProviderConfigError, match=r"none\.conf: No such file"
    ):
        source_lines.SourceLines(tmp_path / "none.conf")
