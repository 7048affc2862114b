# SPDX-License-Identifier: Apache-2.0
"""Tests of karbor_copy.providers.provider."""

import pathlib
from typing import Any

import pytest

from karbor_copy import exceptions
from karbor_copy.banks import memory
from karbor_copy.plugins.volume_file import plugin
from karbor_copy.providers import provider
from karbor_copy.providers import registry
from tests.fakes import providers

SERVER = "OS::Nova::Server"
VOLUME_ID = "3f8af6c6-ecea-42bd-b44c-724785bbe5ea"


@pytest.fixture
def found(tmp_path: pathlib.Path) -> provider.Provider:
    """One with a volume plugin and one that has a protect operation only."""
    providers.write(
        tmp_path,
        "one.conf",
        plugin=f"{providers.VOLUME_FILE}\nplugin = {providers.POINTER}",
        more="[volume_file_plugin]\nvolumes_path = /volumes\n",
    )
    loaded = registry.load(tmp_path)
    assert loaded.errors == ()
    return loaded.get(providers.ONE)


def test_it_knows_its_types(found: provider.Provider) -> None:
    assert found.resource_types == (
        plugin.VOLUME,
        SERVER,
        "Vendor::Thing",
    )


def test_each_flow_gets_a_plugin_of_its_own(found: provider.Provider) -> None:
    made = [found.new_plugin(plugin.VOLUME) for _ in range(2)]
    assert isinstance(made[0], plugin.VolumeFilePlugin)
    assert made[0] is not made[1]


def test_a_type_without_plugin_is_not_found(found: provider.Provider) -> None:
    with pytest.raises(exceptions.ProtectionPluginNotFound, match="Trove"):
        found.new_plugin("OS::Trove::Instance")


def test_it_makes_its_bank(found: provider.Provider) -> None:
    bank = found.make_bank()
    assert isinstance(bank, memory.MemoryBank)
    assert bank is not found.make_bank()


@pytest.mark.parametrize(
    ("operation", "resource_type", "expected"),
    [
        ("copy", plugin.VOLUME, True),
        ("delete", plugin.VOLUME, True),
        ("protect", SERVER, True),
        ("copy", SERVER, False),
        ("restore", SERVER, False),
        ("protect", "OS::Trove::Instance", False),
    ],
)
def test_it_knows_what_its_plugins_can(
    found: provider.Provider,
    operation: Any,
    resource_type: str,
    expected: bool,  # noqa: FBT001
) -> None:
    assert found.supports(operation, resource_type) is expected


def test_a_plugin_is_asked_once(found: provider.Provider) -> None:
    before = found.plugins[SERVER].made  # type: ignore[attr-defined]
    for _ in range(3):
        found.supports("copy", SERVER)
    assert found.plugins[SERVER].made == before + 1  # type: ignore[attr-defined]


def test_it_shows_every_schema(found: provider.Provider) -> None:
    shown = found.extended_info_schema()
    assert set(shown) == {
        "options_schema",
        "restore_schema",
        "saved_info_schema",
        "verify_schema",
        "copy_schema",
    }
    for schemas in shown.values():
        assert set(schemas) == set(found.resource_types)
    restore = shown["restore_schema"][plugin.VOLUME]
    assert "restore_name" in restore["properties"]


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        ("copy", {}),
        ("copy", {plugin.VOLUME: {}}),
        ("copy", {plugin.VOLUME: None}),
        ("copy", {f"{plugin.VOLUME}#{VOLUME_ID}": {}}),
        ("copy", {"OS::Trove::Instance": {}}),
        ("copy", {f"OS::Trove::Instance#{VOLUME_ID}": None}),
        ("copy", {"Vendor::Thing": {"whatever": 1}}),
        ("restore", {plugin.VOLUME: {"restore_name": "x"}}),
    ],
)
def test_right_parameters_pass(
    found: provider.Provider, kind: Any, parameters: Any
) -> None:
    found.check_parameters(kind, parameters)


@pytest.mark.parametrize(
    ("kind", "parameters", "words"),
    [
        ("copy", {"OS::No::Such": {}}, "'OS::No::Such': the resource type"),
        ("copy", {f"{plugin.VOLUME}#x": {}}, "#x': 'x' is no UUID"),
        ("copy", {f"{plugin.VOLUME}#": {}}, "'' is no UUID"),
        ("copy", {plugin.VOLUME: {"x": 1}}, "unknown property 'x'"),
        ("verify", {plugin.VOLUME: {"x": 1}}, "unknown property 'x'"),
        ("options", {plugin.VOLUME: {"x": 1}}, "unknown property 'x'"),
        ("restore", {plugin.VOLUME: {"restore_name": 1}}, "restore_name: 1"),
        *(
            (
                "restore",
                {plugin.VOLUME: {"restore_name": name}},
                "restore_name: .* is not a 'printable text'",
            )
            for name in ("a\nb", "\x1b[31mred", "\u202eevil")
        ),
        ("copy", {"OS::Trove::Instance": {"x": 1}}, "has no plugin"),
    ],
)
def test_wrong_parameters_are_named(
    found: provider.Provider, kind: Any, parameters: Any, words: str
) -> None:
    with pytest.raises(exceptions.Invalid, match=words):
        found.check_parameters(kind, parameters)


def test_its_bank_options_are_not_shown(found: provider.Provider) -> None:
    assert "memory_bank_container" not in repr(found)
