# SPDX-License-Identifier: Apache-2.0
"""Tests of karbor_copy.plugins.bank_data."""

from collections.abc import Sequence
from typing import Any

import pytest
from oslo_config import cfg

from karbor_copy import exceptions
from karbor_copy.data_models import resource
from karbor_copy.plugins import bank_data
from tests.fakes import operations

SERVER = resource.Resource("OS::Nova::Server", "5c1b", "server")


class ServerPlugin(bank_data.BankDataPlugin):
    @classmethod
    def get_supported_resources_types(cls) -> Sequence[str]:
        return (SERVER.type,)


@pytest.fixture
def plugin() -> ServerPlugin:
    return ServerPlugin(cfg.ConfigOpts())


@pytest.fixture
def checkpoint() -> operations.Checkpoint:
    found = operations.Checkpoint(operations.new_bank(), SERVER)
    section = found.for_writing().get_resource_bank_section(SERVER.id)
    section.update_object("metadata", {"resource_id": SERVER.id})
    section.update_object("status", "available")
    return found


def section_of(checkpoint: operations.Checkpoint) -> Any:
    return checkpoint.for_writing().get_resource_bank_section(SERVER.id)


def verify(
    plugin: ServerPlugin,
    checkpoint: operations.Checkpoint,
    record: operations.Record,
) -> None:
    with operations.transfer() as transfer:
        given = operations.arguments(
            checkpoint.for_reading(), SERVER, transfer, verify=record
        )
        operations.run(plugin.get_verify_operation(SERVER), **given)


def test_what_it_gives_takes_no_parameters(plugin: ServerPlugin) -> None:
    for schema in (
        plugin.get_copy_schema(SERVER.type),
        plugin.get_verify_schema(SERVER.type),
    ):
        assert schema["properties"] == {}


def test_a_good_section_verifies(
    plugin: ServerPlugin, checkpoint: operations.Checkpoint
) -> None:
    record = operations.Record()
    verify(plugin, checkpoint, record)
    assert record.told == [
        (SERVER.key, "verifying", None),
        (SERVER.key, "available", None),
    ]


def test_a_section_that_is_not_available_does_not(
    plugin: ServerPlugin, checkpoint: operations.Checkpoint
) -> None:
    section_of(checkpoint).update_object("status", "protecting")
    record = operations.Record()
    with pytest.raises(exceptions.ResourceFailed) as caught:
        verify(plugin, checkpoint, record)
    assert "protecting" in str(caught.value)
    assert record.told[-1] == (SERVER.key, "error", str(caught.value))


def test_a_changed_object_does_not(
    plugin: ServerPlugin, checkpoint: operations.Checkpoint
) -> None:
    key = f"checkpoints/{checkpoint.id}/resource-data/{SERVER.id}/metadata"
    size = checkpoint.bank.stat(key).size
    checkpoint.bank.put(key, [b" " * size], size=size)
    with pytest.raises(exceptions.DigestMismatch, match="metadata"):
        verify(plugin, checkpoint, operations.Record())


def test_a_missing_object_does_not(
    plugin: ServerPlugin, checkpoint: operations.Checkpoint
) -> None:
    key = f"checkpoints/{checkpoint.id}/resource-data/{SERVER.id}/metadata"
    checkpoint.bank.delete(key)
    with pytest.raises(exceptions.ObjectNotFound):
        verify(plugin, checkpoint, operations.Record())


def test_delete_leaves_the_status_only(
    plugin: ServerPlugin, checkpoint: operations.Checkpoint
) -> None:
    with operations.transfer() as transfer:
        given = operations.arguments(
            checkpoint.for_writing(), SERVER, transfer
        )
        operations.run(plugin.get_delete_operation(SERVER), **given)
    assert checkpoint.objects() == {
        f"resource-data/{SERVER.id}/status": b"deleted"
    }


def test_a_delete_that_stops_says_so_in_the_bank(
    plugin: ServerPlugin, checkpoint: operations.Checkpoint
) -> None:
    with operations.transfer(operations.stop) as transfer:
        given = operations.arguments(
            checkpoint.for_writing(), SERVER, transfer
        )
        with pytest.raises(exceptions.OperationStopped):
            operations.run(plugin.get_delete_operation(SERVER), **given)
    assert section_of(checkpoint).get_object("status") == "deleting"
