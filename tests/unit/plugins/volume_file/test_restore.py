# SPDX-License-Identifier: Apache-2.0
"""Tests of karbor_copy.plugins.volume_file.restore."""

import json
import os
import pathlib
import random
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from karbor_copy import exceptions
from karbor_copy.data_models import resource
from tests.fakes import operations
from tests.fakes import volumes

CHUNK = volumes.CHUNK_SIZE


class Restored:
    """A protected volume, and where it is restored to."""

    def __init__(self, path: pathlib.Path, data: bytes) -> None:
        source = path / "source"
        self.target = path / "target"
        source.mkdir()
        self.target.mkdir()
        self.data = data
        self.resource = volumes.make(source, data)
        self.checkpoint = operations.Checkpoint(
            operations.new_bank(), self.resource
        )
        self.record = operations.Record()
        self.new_resources: dict[str, str] = {}
        plugin = volumes.make_plugin(source)
        operation = plugin.get_protect_operation(self.resource)
        with operations.transfer() as transfer:
            given = operations.arguments(
                self.checkpoint.for_writing(), self.resource, transfer
            )
            operations.run(operation, **given)

    @property
    def new_id(self) -> str:
        return str(uuid.uuid5(uuid.UUID(self.record.id), self.resource.key))

    @property
    def path(self) -> pathlib.Path:
        return self.target / f"volume-{self.new_id}"

    def restore(
        self,
        checkpoint: Any = None,
        check: Callable[[], None] = lambda: None,
        epoch: int = 1,
        **parameters: Any,
    ) -> None:
        plugin = volumes.make_plugin(self.target)
        operation = plugin.get_restore_operation(self.resource)
        with operations.transfer(check) as transfer:
            given = operations.arguments(
                checkpoint or self.checkpoint.for_reading(),
                self.resource,
                transfer,
                restore=self.record,
                new_resources=self.new_resources,
                parameters=parameters,
                operation_log=operations.OperationLog(epoch=epoch),
            )
            operations.run(operation, **given)

    def put(self, name: str, value: Any) -> None:
        """Change an object of the volume, and the manifest with it."""
        section = self.checkpoint.for_writing().get_resource_bank_section(
            self.resource.id
        )
        section.update_object(name, value)

    def assert_failed(self) -> None:
        """Check that nothing can be seen, and that users are told why."""
        assert not list(self.target.iterdir())
        key = f"{self.resource.type}#{self.new_id}"
        assert self.record.told[-1][:2] == (key, "error")
        assert self.record.told[-1][2]
        assert self.new_resources == {}


@pytest.fixture
def restored(tmp_path: pathlib.Path) -> Restored:
    data = random.randbytes(2 * CHUNK) + bytes(2 * CHUNK) + b"end"
    return Restored(tmp_path, data)


def test_the_new_volume_has_the_old_ones_bytes(restored: Restored) -> None:
    restored.restore()
    assert restored.path.read_bytes() == restored.data
    assert restored.new_resources == {restored.resource.id: restored.new_id}
    key = f"{restored.resource.type}#{restored.new_id}"
    assert restored.record.told == [
        (key, "restoring", None),
        (key, "available", None),
    ]
    assert {path.name for path in restored.target.iterdir()} == {
        f"volume-{restored.new_id}",
        f"volume-{restored.new_id}.json",
    }


def test_the_new_volume_is_the_restoring_projects(restored: Restored) -> None:
    restored.record.project_id = "somebody"
    restored.restore()
    plugin = volumes.make_plugin(restored.target)
    found = plugin.list_resources(
        operations.member("somebody"), restored.resource.type
    )
    assert [(item.id, item.name) for item in found] == [
        (restored.new_id, "disk")
    ]
    assert not restored.path.stat().st_mode & 0o007


def test_the_new_volume_may_be_named(restored: Restored) -> None:
    restored.restore(restore_name="rescued")
    owner = json.loads(restored.path.with_suffix(".json").read_text())
    assert owner == {"project_id": operations.PROJECT_ID, "name": "rescued"}


@pytest.mark.parametrize("size", [0, 1, 64 * 1024 * 1024])
def test_holes_stay_holes(tmp_path: pathlib.Path, size: int) -> None:
    restored = Restored(tmp_path, b"")
    source = tmp_path / "source" / f"volume-{restored.resource.id}"
    os.truncate(source, size)
    restored.put(
        "metadata",
        {
            "volume_id": restored.resource.id,
            "size": size,
            "chunk_size": CHUNK,
            "chunks_num": 0,
            "chunks": [],
        },
    )
    restored.restore()
    assert restored.path.stat().st_size == size
    assert restored.path.stat().st_blocks == 0


def test_zeros_within_a_chunk_become_holes(tmp_path: pathlib.Path) -> None:
    restored = Restored(tmp_path, b"")
    data = b"x" + bytes(2 * 1024 * 1024 - 1)
    restored.put("data_1_0", data)
    restored.put(
        "metadata",
        {
            "volume_id": restored.resource.id,
            "size": len(data),
            "chunk_size": len(data),
            "chunks_num": 1,
            "chunks": [{"index": 0, "object": "data_1_0"}],
        },
    )
    restored.restore()
    assert restored.path.read_bytes() == data
    assert restored.path.stat().st_blocks * 512 < len(data)


def test_a_restore_that_runs_again_finds_its_volume(
    restored: Restored,
) -> None:
    for epoch in (1, 1, 2):
        restored.restore(epoch=epoch)
    assert restored.path.read_bytes() == restored.data
    assert len(list(restored.target.iterdir())) == 2


def test_another_file_is_never_overwritten(restored: Restored) -> None:
    for content in (b"other", b"x" * len(restored.data)):
        restored.path.write_bytes(content)
        with pytest.raises(exceptions.ResourceFailed, match="in the way"):
            restored.restore()
        assert restored.path.read_bytes() == content
        assert restored.record.told[-1][1] == "error"


def test_a_link_is_never_followed(
    restored: Restored, tmp_path: pathlib.Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(restored.data)
    restored.path.symlink_to(secret)
    with pytest.raises(exceptions.ResourceFailed):
        restored.restore()
    assert restored.path.is_symlink()
    assert secret.read_bytes() == restored.data


def test_a_volume_of_another_owner_is_not_taken_over(
    restored: Restored,
) -> None:
    restored.path.with_suffix(".json").write_text('{"project_id": "other"}')
    with pytest.raises(exceptions.ResourceFailed, match="another owner"):
        restored.restore()
    assert not restored.path.exists()


def test_rot_in_the_bank_is_found(restored: Restored) -> None:
    checkpoint = restored.checkpoint.for_reading()
    restored.put("data_1_1", random.randbytes(CHUNK))
    with pytest.raises(exceptions.DigestMismatch, match="data_1_1"):
        restored.restore(checkpoint)
    restored.assert_failed()


@pytest.mark.parametrize("value", [b"", b"short", b"x" * (CHUNK + 1)])
def test_a_chunk_of_another_size_is_refused(
    restored: Restored, value: bytes
) -> None:
    restored.put("data_1_1", value)
    with pytest.raises(exceptions.SourceCorrupt, match=f"{CHUNK} bytes"):
        restored.restore()
    restored.assert_failed()


def test_a_missing_chunk_is_named(restored: Restored) -> None:
    key = f"resource-data/{restored.resource.id}/data_1_1"
    checkpoint = restored.checkpoint.for_reading()
    restored.checkpoint.bank.delete(
        f"checkpoints/{restored.checkpoint.id}/{key}"
    )
    with pytest.raises(exceptions.ObjectNotFound, match="data_1_1"):
        restored.restore(checkpoint)
    restored.assert_failed()


def test_a_volume_larger_than_any_file_fails_with_a_reason(
    restored: Restored,
) -> None:
    restored.put(
        "metadata",
        {
            "volume_id": restored.resource.id,
            "size": 2**63 - 1,
            "chunk_size": CHUNK,
            "chunks_num": 0,
            "chunks": [],
        },
    )
    with pytest.raises(exceptions.ResourceFailed, match="can't be written"):
        restored.restore()
    restored.assert_failed()


def test_a_missing_directory_fails_with_a_reason(restored: Restored) -> None:
    restored.target.rmdir()
    with pytest.raises(exceptions.ResourceFailed, match="No such file"):
        restored.restore()
    assert restored.record.told[-1][1] == "error"


@pytest.mark.parametrize("calls", [0, 1, 2, 3, 4])
def test_a_stop_leaves_nothing_and_is_no_error(
    restored: Restored, calls: int
) -> None:
    with pytest.raises(exceptions.OperationStopped):
        restored.restore(check=operations.StopAfter(calls))
    assert not list(restored.target.iterdir())
    assert [told[1] for told in restored.record.told] == ["restoring"]
    restored.restore()
    assert restored.path.read_bytes() == restored.data


def test_ids_differ_by_type(tmp_path: pathlib.Path) -> None:
    restored = Restored(tmp_path, b"x")
    first = restored.new_id
    restored.resource = resource.Resource("Other", restored.resource.id, "x")
    assert restored.new_id != first
