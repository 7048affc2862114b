# SPDX-License-Identifier: Apache-2.0
"""Tests of karbor_copy.plugins.volume_file.verify."""

import pathlib
import random
from typing import Any

import pytest

from karbor_copy import exceptions
from karbor_copy.data_models import resource
from karbor_copy.plugins.volume_file import verify
from tests.fakes import operations
from tests.fakes import volumes

CHUNK = volumes.CHUNK_SIZE


@pytest.fixture
def found(tmp_path: pathlib.Path) -> resource.Resource:
    return volumes.make(tmp_path, random.randbytes(CHUNK + 1))


@pytest.fixture
def checkpoint(
    tmp_path: pathlib.Path, found: resource.Resource
) -> operations.Checkpoint:
    checkpoint = operations.Checkpoint(operations.new_bank(), found)
    operation = volumes.make_plugin(tmp_path).get_protect_operation(found)
    with operations.transfer() as transfer:
        given = operations.arguments(checkpoint.for_writing(), found, transfer)
        operations.run(operation, **given)
    return checkpoint


def check(checkpoint: Any, found: resource.Resource) -> None:
    with operations.transfer() as transfer:
        given = operations.arguments(
            checkpoint, found, transfer, verify=operations.Record()
        )
        operations.run(verify.VerifyOperation(), **given)


@pytest.mark.parametrize("view", ["for_reading", "without_manifest"])
def test_a_whole_volume_verifies(
    checkpoint: operations.Checkpoint, found: resource.Resource, view: str
) -> None:
    check(getattr(checkpoint, view)(), found)


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("data_1_1", b"xx", "2 bytes instead of 1"),
        ("metadata", {"size": 1}, "describes no volume"),
    ],
)
def test_objects_that_make_no_volume_do_not(
    checkpoint: operations.Checkpoint,
    found: resource.Resource,
    name: str,
    value: Any,
    reason: str,
) -> None:
    section = checkpoint.for_writing().get_resource_bank_section(found.id)
    section.update_object(name, value)
    with pytest.raises(exceptions.SourceCorrupt, match=reason):
        check(checkpoint.for_reading(), found)


def test_a_chunk_that_nothing_lists_any_more_is_missing(
    checkpoint: operations.Checkpoint, found: resource.Resource
) -> None:
    section = checkpoint.for_writing().get_resource_bank_section(found.id)
    section.delete("data_1_1")
    with pytest.raises(exceptions.ObjectNotFound, match="data_1_1"):
        check(checkpoint.for_reading(), found)
