# SPDX-License-Identifier: Apache-2.0
"""Tests of karbor_copy.conf.parsing."""

import pathlib
import traceback

import pytest
from oslo_config import cfg

from karbor_copy.conf import parsing


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("[swift_client]\nswift_key c4n4ry\n", 2, "No ':' or '='"),
        ("[database]\n  ravens://u:c4n4ry@h/d\n", 2, "Unexpected contin"),
        ("password = c4n4ry\n", 1, "Section must be started"),
        ("[c4n4ry\n", 1, "Invalid section"),
    ],
)
def test_a_line_that_can_not_be_parsed_is_named_and_not_told(
    tmp_path: pathlib.Path, text: str, line: int, reason: str
) -> None:
    path = tmp_path / "one.conf"
    path.write_text(text)
    with (
        pytest.raises(ValueError, match=reason) as caught,
        parsing.without_lines(),
    ):
        cfg.ConfigOpts()(["--config-file", str(path)])
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert "c4n4ry" not in "".join(traceback.format_exception(caught.value))


def test_what_oslo_config_says_otherwise_is_left_as_it_is(
    tmp_path: pathlib.Path,
) -> None:
    path = tmp_path / "none.conf"
    with (
        pytest.raises(cfg.ConfigFilesNotFoundError, match=str(path)),
        parsing.without_lines(),
    ):
        cfg.ConfigOpts()(["--config-file", str(path)])
