# SPDX-License-Identifier: Apache-2.0
"""The version is the installed one."""

from importlib import metadata

import pytest

from karbor_copy import version


def test_the_installed_version_is_told() -> None:
    assert version.version_string() == metadata.version("karbor-copy")


def test_a_tree_never_installed_has_a_version(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(version, "DISTRIBUTION", "karbor-copy-not-installed")
    assert version.version_string() == version.UNKNOWN
