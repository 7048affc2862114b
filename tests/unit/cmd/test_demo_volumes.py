# SPDX-License-Identifier: Apache-2.0
"""Tests of the demo's volume files."""

import hashlib
import json
import pathlib
import uuid

import pytest

from karbor_copy.cmd import demo_volumes

SIZE = 1 << 20


@pytest.fixture
def volume(tmp_path: pathlib.Path) -> demo_volumes.Volume:
    return demo_volumes.make(tmp_path, "disk", SIZE, "demo")


def slices(volume: demo_volumes.Volume) -> list[bytes]:
    data = volume.path.read_bytes()
    length = len(data) // demo_volumes.SLICES
    return [data[i : i + length] for i in range(0, len(data), length)]


def test_a_volume_is_random_data_with_holes(
    volume: demo_volumes.Volume,
) -> None:
    empty = {i for i, data in enumerate(slices(volume)) if not any(data)}
    assert empty == demo_volumes.HOLES
    assert volume.path.stat().st_size == SIZE
    assert len(set(slices(volume))) == demo_volumes.SLICES - 1


def test_a_volume_is_sparse(volume: demo_volumes.Volume) -> None:
    used = volume.path.stat().st_blocks * 512
    assert used <= SIZE * 6 // 8 + 64 * 1024


def test_a_volume_has_an_owner(
    tmp_path: pathlib.Path, volume: demo_volumes.Volume
) -> None:
    assert volume.path == tmp_path / f"volume-{volume.id}"
    sidecar = tmp_path / f"volume-{volume.id}.json"
    owner = json.loads(sidecar.read_text())
    assert owner == {"project_id": "demo", "name": "disk"}


@pytest.mark.parametrize("size", [demo_volumes.MIN_SIZE, 1_000_003])
def test_odd_sizes(tmp_path: pathlib.Path, size: int) -> None:
    volume = demo_volumes.make(tmp_path, "disk", size, "demo")
    data = volume.path.read_bytes()
    assert len(data) == size
    assert any(data[-16:])


@pytest.mark.parametrize("turn", [1, 2, 9])
def test_change_one_slice(volume: demo_volumes.Volume, turn: int) -> None:
    before = slices(volume)
    demo_volumes.change(volume, turn)
    changed = {
        i
        for i, (old, new) in enumerate(
            zip(before, slices(volume), strict=True)
        )
        if old != new
    }
    assert changed == {turn % demo_volumes.SLICES}
    assert volume.path.stat().st_size == SIZE


def test_digest(tmp_path: pathlib.Path, volume: demo_volumes.Volume) -> None:
    data = volume.path.read_bytes()
    expected = hashlib.sha256(data).hexdigest()
    assert demo_volumes.digest(volume.path) == expected
    assert demo_volumes.digest(tmp_path / "missing") is None


def test_remove(tmp_path: pathlib.Path, volume: demo_volumes.Volume) -> None:
    demo_volumes.remove(volume)
    assert list(tmp_path.iterdir()) == []


def test_restored_id() -> None:
    restore_id = "22b82aa7-9179-4c71-bba2-caf5c0e68db7"
    volume_id = "3f8af6c6-ecea-42bd-b44c-724785bbe5ea"
    assert demo_volumes.restored_id(restore_id, volume_id) == str(
        uuid.uuid5(uuid.UUID(restore_id), f"OS::Cinder::Volume#{volume_id}")
    )
