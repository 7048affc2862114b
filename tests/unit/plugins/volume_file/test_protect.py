# SPDX-License-Identifier: Apache-2.0
"""Tests of karbor_copy.plugins.volume_file.protect."""

import contextlib
import json
import os
import pathlib
import random
import uuid
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

import pytest

from karbor_copy import context
from karbor_copy import exceptions
from karbor_copy.banks import base
from karbor_copy.banks import memory
from karbor_copy.data_models import resource
from tests.fakes import operations
from tests.fakes import volumes

CHUNK = volumes.CHUNK_SIZE


class MeddlingBank(memory.MemoryBank):
    """Does something to the world whenever a chunk was put."""

    def __init__(self) -> None:
        super().__init__()
        self.meddle: Callable[[], None] = lambda: None
        self.before_new: Callable[[str], None] = lambda key: None
        self.lost_flushes = 0
        self.set_up()

    def put_new(self, key: str, *args: Any, **kwargs: Any) -> base.ObjectInfo:
        self.before_new(key)
        return super().put_new(key, *args, **kwargs)

    @contextlib.contextmanager
    def batch(self) -> Iterator[base.Writer]:
        yield self
        if self.lost_flushes:
            self.lost_flushes -= 1
            raise exceptions.BatchLost(reason="a flush")

    def put(self, key: str, *args: Any, **kwargs: Any) -> base.ObjectInfo:
        info = super().put(key, *args, **kwargs)
        if "/data_" in key:
            self.meddle()
        return info


@pytest.fixture
def bank() -> MeddlingBank:
    return MeddlingBank()


@pytest.fixture
def checkpoint(bank: MeddlingBank) -> operations.Checkpoint:
    return operations.Checkpoint(bank)


def protect(
    directory: pathlib.Path,
    checkpoint: operations.Checkpoint,
    found: resource.Resource,
    epoch: int = 1,
    who: context.RequestContext | None = None,
    check: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """Protect and return the metadata."""
    operation = volumes.make_plugin(directory).get_protect_operation(found)
    with operations.transfer(check) as transfer:
        given = operations.arguments(
            checkpoint.for_writing(),
            found,
            transfer,
            operation_log=operations.OperationLog(epoch=epoch),
            context=who or operations.member(),
        )
        operations.run(operation, **given)
    value: dict[str, Any] = json.loads(objects(checkpoint, found)["metadata"])
    return value


def objects(
    checkpoint: operations.Checkpoint, found: resource.Resource
) -> dict[str, bytes]:
    prefix = f"resource-data/{found.id}/"
    return {
        key.removeprefix(prefix): data
        for key, data in checkpoint.objects().items()
    }


def test_a_volume_is_cut_into_chunks(
    tmp_path: pathlib.Path, checkpoint: operations.Checkpoint
) -> None:
    data = random.randbytes(2 * CHUNK + 5)
    found = volumes.make(tmp_path, data)
    metadata = protect(tmp_path, checkpoint, found)
    assert metadata == {
        "volume_id": found.id,
        "size": 2 * CHUNK + 5,
        "chunk_size": CHUNK,
        "chunks_num": 3,
        "chunks": [
            {"index": index, "object": f"data_1_{index}"} for index in range(3)
        ],
    }
    stored = objects(checkpoint, found)
    assert stored.pop("status") == b"available"
    del stored["metadata"]
    assert b"".join(stored[name] for name in sorted(stored)) == data
    recorded = checkpoint.recorder.entries()
    assert set(recorded) == set(checkpoint.objects())


@pytest.mark.parametrize("size", [0, 3 * CHUNK, 3 * CHUNK + 1])
def test_a_volume_of_zeros_takes_no_chunk(
    tmp_path: pathlib.Path, checkpoint: operations.Checkpoint, size: int
) -> None:
    found = volumes.make(tmp_path, bytes(size))
    metadata = protect(tmp_path, checkpoint, found)
    assert metadata["size"] == size
    assert metadata["chunks"] == []
    assert set(objects(checkpoint, found)) == {"metadata", "status"}


def test_only_chunks_with_bytes_are_stored(
    tmp_path: pathlib.Path, checkpoint: operations.Checkpoint
) -> None:
    data = bytes(CHUNK) + b"x" + bytes(2 * CHUNK)
    found = volumes.make(tmp_path, data)
    metadata = protect(tmp_path, checkpoint, found)
    assert metadata["chunks"] == [{"index": 1, "object": "data_1_1"}]
    assert metadata["chunks_num"] == 1


def test_chunks_of_earlier_attempts_go(
    tmp_path: pathlib.Path, checkpoint: operations.Checkpoint
) -> None:
    found = volumes.make(tmp_path, random.randbytes(2 * CHUNK))
    protect(tmp_path, checkpoint, found, epoch=1)
    path = tmp_path / f"volume-{found.id}"
    path.write_bytes(random.randbytes(CHUNK))
    protect(tmp_path, checkpoint, found, epoch=2)
    assert set(objects(checkpoint, found)) == {
        "status",
        "metadata",
        "data_2_0",
    }
    assert set(checkpoint.recorder.entries()) == set(checkpoint.objects())


def test_a_worker_that_was_replaced_leaves_its_successors_chunks(
    tmp_path: pathlib.Path, checkpoint: operations.Checkpoint
) -> None:
    found = volumes.make(tmp_path, random.randbytes(CHUNK))
    protect(tmp_path, checkpoint, found, epoch=2)
    with pytest.raises(exceptions.ObjectExists):
        protect(tmp_path, checkpoint, found, epoch=1)
    assert "data_2_0" in objects(checkpoint, found)


@pytest.mark.parametrize("name", ["metadata", "status"])
def test_a_late_put_does_no_harm(
    tmp_path: pathlib.Path,
    bank: MeddlingBank,
    checkpoint: operations.Checkpoint,
    name: str,
) -> None:
    """The first attempt hangs in a put until the second has finished."""
    found = volumes.make(tmp_path, random.randbytes(CHUNK))
    seen: list[dict[str, bytes]] = []

    def successor(key: str) -> None:
        if key.endswith(name) and not seen:
            seen.append({})
            protect(tmp_path, checkpoint, found, epoch=2)
            seen.append(objects(checkpoint, found))

    bank.before_new = successor
    with pytest.raises(exceptions.ObjectExists):
        protect(tmp_path, checkpoint, found, epoch=1)
    stored = objects(checkpoint, found)
    assert {key: stored[key] for key in seen[1]} == seen[1]
    assert stored["status"] == b"available"
    assert b"data_2_0" in stored["metadata"]


def test_a_later_attempt_that_was_replaced_deletes_no_metadata(
    tmp_path: pathlib.Path,
    bank: MeddlingBank,
    checkpoint: operations.Checkpoint,
) -> None:
    found = volumes.make(tmp_path, random.randbytes(CHUNK))
    protect(tmp_path, checkpoint, found, epoch=3)
    late = False

    def at_metadata(key: str) -> None:
        nonlocal late
        late = key.endswith("metadata")

    def check() -> None:
        if late:
            operations.stop()

    bank.before_new = at_metadata
    with pytest.raises(exceptions.OperationCancelled):
        protect(tmp_path, checkpoint, found, epoch=2, check=check)
    assert b"data_3_0" in objects(checkpoint, found)["metadata"]


def test_a_volume_is_written_anew_after_a_lost_flush(
    tmp_path: pathlib.Path,
    bank: MeddlingBank,
    checkpoint: operations.Checkpoint,
) -> None:
    puts: list[int] = []
    bank.meddle = lambda: puts.append(1)
    bank.lost_flushes = 5
    found = volumes.make(tmp_path, random.randbytes(2 * CHUNK))
    protect(tmp_path, checkpoint, found)
    assert len(puts) == 2 * 6
    assert bank.lost_flushes == 0


def write(path: pathlib.Path) -> None:
    with path.open("r+b") as file:
        file.write(b"new")


def keep_times(path: pathlib.Path) -> None:
    """Write and set the time of the last change back, as some tools do."""
    before = path.stat()
    write(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def replace(path: pathlib.Path) -> None:
    other = path.with_name("other")
    other.write_bytes(path.read_bytes())
    other.replace(path)


def cut(path: pathlib.Path) -> None:
    os.truncate(path, path.stat().st_size - 1)


@pytest.mark.parametrize("change", [write, keep_times, replace, cut])
def test_a_volume_that_changes_once_is_read_again(
    tmp_path: pathlib.Path,
    bank: MeddlingBank,
    checkpoint: operations.Checkpoint,
    change: Callable[[pathlib.Path], None],
) -> None:
    found = volumes.make(tmp_path, random.randbytes(3 * CHUNK))
    path = tmp_path / f"volume-{found.id}"
    left = [change]

    def meddle() -> None:
        while left:
            left.pop()(path)

    bank.meddle = meddle
    metadata = protect(tmp_path, checkpoint, found)
    stored = objects(checkpoint, found)
    assert metadata["chunks_num"] == 3
    names = [chunk["object"] for chunk in metadata["chunks"]]
    assert b"".join(stored[name] for name in names) == path.read_bytes()


def test_chunks_that_an_earlier_reading_left_go(
    tmp_path: pathlib.Path,
    bank: MeddlingBank,
    checkpoint: operations.Checkpoint,
) -> None:
    found = volumes.make(tmp_path, random.randbytes(3 * CHUNK))
    left = [tmp_path / f"volume-{found.id}"]

    def meddle() -> None:
        while len(objects(checkpoint, found)) == 4 and left:
            os.truncate(left.pop(), 1)

    bank.meddle = meddle
    assert protect(tmp_path, checkpoint, found)["size"] == 1
    assert "data_1_2" not in objects(checkpoint, found)
    assert set(checkpoint.recorder.entries()) == set(checkpoint.objects())


def test_a_volume_that_keeps_changing_is_no_checkpoint(
    tmp_path: pathlib.Path,
    bank: MeddlingBank,
    checkpoint: operations.Checkpoint,
) -> None:
    found = volumes.make(tmp_path, random.randbytes(CHUNK))
    calls: list[int] = []

    def meddle() -> None:
        calls.append(1)
        path = tmp_path / f"volume-{found.id}"
        os.truncate(path, CHUNK + len(calls))

    bank.meddle = meddle
    with pytest.raises(
        exceptions.ResourceFailed,
        match="^volume changed while it was protected$",
    ):
        protect(tmp_path, checkpoint, found)
    assert len(calls) == 3
    stored = objects(checkpoint, found)
    assert stored["status"] == b"protecting"
    assert "metadata" not in stored


def test_a_volume_that_goes_away_is_no_checkpoint(
    tmp_path: pathlib.Path,
    bank: MeddlingBank,
    checkpoint: operations.Checkpoint,
) -> None:
    found = volumes.make(tmp_path, random.randbytes(CHUNK))
    bank.meddle = (tmp_path / f"volume-{found.id}").unlink
    with pytest.raises(exceptions.ResourceFailed, match="No such file"):
        protect(tmp_path, checkpoint, found)


@pytest.mark.parametrize("project_id", ["other", None])
def test_a_foreign_volume_is_refused(
    tmp_path: pathlib.Path,
    checkpoint: operations.Checkpoint,
    project_id: str | None,
) -> None:
    found = volumes.make(tmp_path, b"secret", project_id)
    with pytest.raises(exceptions.ResourceFailed, match="not among"):
        protect(tmp_path, checkpoint, found)
    assert b"secret" not in objects(checkpoint, found).values()
    protect(tmp_path, checkpoint, found, who=operations.administrator())


def test_a_missing_volume_fails_with_a_reason(
    tmp_path: pathlib.Path, checkpoint: operations.Checkpoint
) -> None:
    missing = resource.Resource("OS::Cinder::Volume", str(uuid.uuid4()), "x")
    with pytest.raises(exceptions.ResourceFailed, match=missing.id):
        protect(tmp_path, checkpoint, missing)


def test_a_stop_between_chunks_passes(
    tmp_path: pathlib.Path, checkpoint: operations.Checkpoint
) -> None:
    found = volumes.make(tmp_path, random.randbytes(50 * CHUNK))
    with pytest.raises(exceptions.OperationStopped):
        protect(tmp_path, checkpoint, found, check=operations.StopAfter(20))
    stored = objects(checkpoint, found)
    assert 2 < len(stored) < 50
    assert "metadata" not in stored
