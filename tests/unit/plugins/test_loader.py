# SPDX-License-Identifier: Apache-2.0
"""Tests of karbor_copy.plugins.loader."""

import pytest

from karbor_copy import exceptions
from karbor_copy.plugins import loader
from karbor_copy.plugins import noop
from karbor_copy.plugins.volume_file import plugin


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("karbor-noop-protection-plugin", noop.NoopProtectionPlugin),
        ("karbor-volume-file-plugin", plugin.VolumeFilePlugin),
        (
            "karbor_copy.plugins.noop.NoopProtectionPlugin",
            noop.NoopProtectionPlugin,
        ),
    ],
)
def test_a_plugin_is_found_by_its_name(name: str, found: type) -> None:
    assert loader.get_class(name) is found


@pytest.mark.parametrize(
    "name",
    ["no-such-plugin", "no.such.module.Class", "json.NoSuchClass", ""],
)
def test_an_unknown_name_is_not_found(name: str) -> None:
    with pytest.raises(exceptions.NotFound, match="No protection plugin"):
        loader.get_class(name)


@pytest.mark.parametrize("name", ["json.JSONDecoder", "json.dumps"])
def test_what_is_no_plugin_is_refused(name: str) -> None:
    with pytest.raises(exceptions.NotFound, match="is no protection plugin"):
        loader.get_class(name)
