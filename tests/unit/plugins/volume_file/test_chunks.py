# SPDX-License-Identifier: Apache-2.0
"""Tests of karbor_copy.plugins.volume_file.chunks."""

import contextlib
import errno
import os
import pathlib
import random
from collections.abc import Iterator
from typing import Any

import pytest

from karbor_copy import exceptions
from karbor_copy.banks import base
from karbor_copy.data_models import resource
from karbor_copy.plugins.volume_file import chunks
from karbor_copy.plugins.volume_file import layout
from tests.fakes import operations

BLOCK = base.BLOCK_SIZE
VOLUME = resource.Resource("OS::Cinder::Volume", "3f8a", "disk")


@contextlib.contextmanager
def opened(path: pathlib.Path, data: bytes) -> Iterator[int]:
    path.write_bytes(data)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def part(descriptor: int, offset: int, length: int) -> chunks.FileChunk:
    return chunks.FileChunk(
        descriptor,
        offset,
        length,
        buffer=chunks.new_buffer(),
        check=lambda: None,
    )


@pytest.mark.parametrize(
    ("data", "zero"),
    [
        (b"", True),
        (b"\0", True),
        (bytes(BLOCK), True),
        (b"x", False),
        (bytes(BLOCK - 1) + b"x", False),
        (b"x" + bytes(BLOCK - 1), False),
    ],
)
def test_zeros_are_told_from_bytes(data: bytes, zero: bool) -> None:  # noqa: FBT001
    assert chunks.is_zero(memoryview(data)) is zero


def test_a_part_may_be_read_again(tmp_path: pathlib.Path) -> None:
    data = random.randbytes(3 * BLOCK)
    with opened(tmp_path / "f", data) as descriptor:
        chunk = part(descriptor, 100, 2 * BLOCK + 7)
        for _ in range(2):
            found = b"".join(bytes(view) for view in chunk)
            assert found == data[100 : 100 + 2 * BLOCK + 7]


def test_a_file_that_was_cut_has_changed(tmp_path: pathlib.Path) -> None:
    with (
        opened(tmp_path / "f", b"x" * 10) as descriptor,
        pytest.raises(exceptions.SourceChanged),
    ):
        list(part(descriptor, 0, 11))


def test_a_read_error_is_not_the_banks(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any) -> int:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with opened(tmp_path / "f", b"x") as descriptor:
        monkeypatch.setattr(os, "preadv", fail)
        with pytest.raises(exceptions.ResourceFailed, match="output error"):
            list(part(descriptor, 0, 1))


@pytest.mark.parametrize("known", [True, False])
def test_zeros_are_holes_however_they_are_stored(
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    known: bool,  # noqa: FBT001
) -> None:
    path = tmp_path / "f"
    with opened(path, bytes(2 * BLOCK) + b"x") as descriptor:
        os.truncate(path, 8 * BLOCK)
        if not known:

            def refuse(*args: Any) -> int:
                raise OSError(errno.EINVAL, "not here")

            monkeypatch.setattr(os, "lseek", refuse)
        assert part(descriptor, 0, 2 * BLOCK).is_hole()
        assert not part(descriptor, BLOCK, 2 * BLOCK).is_hole()
        assert part(descriptor, 4 * BLOCK, 4 * BLOCK).is_hole()
        found = chunks.data_parts(descriptor, 8 * BLOCK - 1, 2 * BLOCK)
    all_parts = [layout.Part(index, 2 * BLOCK) for index in range(3)]
    all_parts.append(layout.Part(3, 2 * BLOCK - 1))
    # Where the file system can't tell, all is looked at.
    assert found == (all_parts[:2] if known else all_parts)


def test_a_hole_is_found_without_reading(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "f"
    with opened(path, b"x") as descriptor:
        os.truncate(path, 1024**3)
        monkeypatch.setattr(os, "preadv", None)
        found = chunks.data_parts(descriptor, 1024**3, 1024**2)
    assert found == [layout.Part(0, 1024**2)]


@pytest.fixture
def checkpoint() -> operations.Checkpoint:
    return operations.Checkpoint(operations.new_bank(), VOLUME)


def put(checkpoint: operations.Checkpoint, key: str, value: Any) -> None:
    section = checkpoint.for_writing().get_resource_bank_section(VOLUME.id)
    section.update_object(key, value)


def read(checkpoint: Any, key: str) -> bytes:
    blocks = chunks.read_verified(
        checkpoint.get_resource_bank_section(VOLUME.id),
        key,
        buffer=chunks.new_buffer(),
        check=lambda: None,
    )
    return b"".join(bytes(block) for block in blocks)


class TestReadVerified:
    def test_bytes_are_the_manifests(
        self, checkpoint: operations.Checkpoint
    ) -> None:
        data = random.randbytes(BLOCK + 1)
        put(checkpoint, "data_1_0", data)
        assert read(checkpoint.for_reading(), "data_1_0") == data
        assert read(checkpoint.without_manifest(), "data_1_0") == data

    def test_other_bytes_are_refused(
        self, checkpoint: operations.Checkpoint
    ) -> None:
        put(checkpoint, "data_1_0", b"good")
        before = checkpoint.for_reading()
        put(checkpoint, "data_1_0", b"evil")
        with pytest.raises(exceptions.DigestMismatch, match="data_1_0"):
            read(before, "data_1_0")

    def test_what_the_manifest_does_not_know_is_not_read(
        self, checkpoint: operations.Checkpoint
    ) -> None:
        before = checkpoint.for_reading()
        put(checkpoint, "data_1_0", b"later")
        with pytest.raises(exceptions.ObjectNotFound):
            read(before, "data_1_0")

    def test_it_can_be_stopped(
        self, checkpoint: operations.Checkpoint
    ) -> None:
        put(checkpoint, "data_1_0", b"x")
        section = checkpoint.for_reading().get_resource_bank_section(VOLUME.id)
        with pytest.raises(exceptions.OperationStopped):
            list(
                chunks.read_verified(
                    section,
                    "data_1_0",
                    buffer=chunks.new_buffer(),
                    check=operations.stop,
                )
            )


@pytest.mark.parametrize(
    "value", [b"", b"{", b"\xff", b"[" * 100_000, {"chunks_num": 1}, []]
)
def test_metadata_that_make_no_volume_are_corrupt(
    checkpoint: operations.Checkpoint, value: Any
) -> None:
    put(checkpoint, "metadata", value)
    section = checkpoint.for_reading().get_resource_bank_section(VOLUME.id)
    with pytest.raises(exceptions.SourceCorrupt, match="metadata"):
        chunks.read_metadata(
            section, buffer=chunks.new_buffer(), check=lambda: None
        )


def test_metadata_have_a_largest_size(
    checkpoint: operations.Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks, "MAX_METADATA_SIZE", 10)
    put(checkpoint, "metadata", b" " * 11)
    section = checkpoint.for_reading().get_resource_bank_section(VOLUME.id)
    with pytest.raises(exceptions.SourceCorrupt, match="larger than 10"):
        chunks.read_metadata(
            section, buffer=chunks.new_buffer(), check=lambda: None
        )
