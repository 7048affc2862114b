# SPDX-License-Identifier: Apache-2.0
"""Tests of karbor_copy.plugins.volume_file.plugin."""

import pathlib
from typing import Any

import pytest

from karbor_copy import exceptions
from karbor_copy.data_models import resource
from karbor_copy.plugins.volume_file import plugin
from tests.fakes import operations
from tests.fakes import volumes

PROJECT = resource.Resource(plugin.PROJECT, operations.PROJECT_ID, "project")


@pytest.mark.parametrize("value", [65536, "131072", 8 * 1024 * 1024])
def test_a_chunk_size_is_a_multiple_of_64_kib(value: Any) -> None:
    assert plugin.ChunkSize()(value) == int(value)


@pytest.mark.parametrize("value", [0, 1, 65537, -65536, 2**40, "x", ""])
def test_other_chunk_sizes_are_refused(value: Any) -> None:
    with pytest.raises(ValueError, match=r"65536|invalid|less than"):
        plugin.ChunkSize()(value)


def test_volumes_can_be_listed_and_shown(tmp_path: pathlib.Path) -> None:
    found = volumes.make_plugin(tmp_path)
    own = volumes.make(tmp_path, b"x")
    foreign = volumes.make(tmp_path, b"x", "other")
    context = operations.member()
    assert found.list_resources(context, plugin.VOLUME) == [own]
    assert found.show_resource(context, plugin.VOLUME, own.id) == own
    assert found.show_resource(context, plugin.VOLUME, foreign.id) is None


def test_volumes_hang_off_their_project(tmp_path: pathlib.Path) -> None:
    found = volumes.make_plugin(tmp_path)
    own = volumes.make(tmp_path, b"x")
    volumes.make(tmp_path, b"x", "other")
    assert plugin.PROJECT in found.get_parent_resource_types(plugin.VOLUME)
    for context in (operations.member(), operations.administrator()):
        assert found.get_dependent_resources(context, PROJECT) == [own]
    server = resource.Resource("OS::Nova::Server", own.id, "server")
    assert found.get_dependent_resources(operations.member(), server) == ()


def test_a_saved_volume_tells_its_size(tmp_path: pathlib.Path) -> None:
    found = volumes.make(tmp_path, b"bytes")
    checkpoint = operations.Checkpoint(operations.new_bank(), found)
    section = checkpoint.for_writing().get_resource_bank_section(found.id)
    with pytest.raises(exceptions.ObjectNotFound):
        plugin.VolumeFilePlugin.get_saved_info(section, found)
    operation = volumes.make_plugin(tmp_path).get_protect_operation(found)
    with operations.transfer() as transfer:
        given = operations.arguments(checkpoint.for_writing(), found, transfer)
        operations.run(operation, **given)
    info = plugin.VolumeFilePlugin.get_saved_info(section, found)
    assert info == {"volume_id": found.id, "size": 5}
    schema = plugin.VolumeFilePlugin.get_saved_info_schema(found.type)
    assert set(schema["properties"]) == set(info)
