# SPDX-License-Identifier: Apache-2.0
"""Tests of karbor_copy.plugins.volume_file.layout."""

import json
from collections.abc import Callable
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies

from karbor_copy.plugins.volume_file import layout

VOLUME_ID = "3f8af6c6-ecea-42bd-b44c-724785bbe5ea"


def make(size: int = 25, chunk_size: int = 10) -> layout.VolumeMetadata:
    return layout.VolumeMetadata(
        volume_id=VOLUME_ID,
        size=size,
        chunk_size=chunk_size,
        chunks={0: "data_1_0", 2: "data_1_2"},
    )


def test_the_last_chunk_may_be_shorter() -> None:
    found = make()
    assert found.count == 3
    assert [found.length(index) for index in range(3)] == [10, 10, 5]


@pytest.mark.parametrize(("size", "count"), [(0, 0), (1, 1), (10, 1), (11, 2)])
def test_chunks_cover_the_volume(size: int, count: int) -> None:
    assert make(size=size).count == count


def test_it_is_karbors_json_with_more() -> None:
    assert make().to_dict() == {
        "volume_id": VOLUME_ID,
        "size": 25,
        "chunk_size": 10,
        "chunks_num": 2,
        "chunks": [
            {"index": 0, "object": "data_1_0"},
            {"index": 2, "object": "data_1_2"},
        ],
    }


@hypothesis.given(
    size=strategies.integers(0, 2**63 - 1),
    chunk_size=strategies.integers(1, 2**30),
    indexes=strategies.sets(strategies.integers(0, 2**20)),
    epoch=strategies.integers(1, 2**31),
)
def test_what_is_written_is_read(
    size: int, chunk_size: int, indexes: set[int], epoch: int
) -> None:
    count = -(-size // chunk_size)
    found = layout.VolumeMetadata(
        volume_id=VOLUME_ID,
        size=size,
        chunk_size=chunk_size,
        chunks={
            index: layout.chunk_name(epoch, index)
            for index in sorted(indexes)
            if index < count
        },
    )
    value = json.loads(json.dumps(found.to_dict()))
    assert layout.VolumeMetadata.from_dict(value) == found


def change(**changes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda value: value.update(changes)


def remove(name: str) -> Callable[[dict[str, Any]], None]:
    return lambda value: value.pop(name)


def chunk(number: int, **changes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda value: value["chunks"][number].update(changes)


@pytest.mark.parametrize(
    "damage",
    [
        *map(remove, ("volume_id", "size", "chunk_size", "chunks_num")),
        remove("chunks"),
        change(volume_id=7),
        change(size=-1),
        change(size=2**63),
        change(size="25"),
        change(chunk_size=0),
        change(chunks_num=3),
        change(chunks={}),
        change(chunks=[None, None]),
        chunk(0, index=-1),
        chunk(0, index="0"),
        chunk(0, index=2),
        chunk(1, index=3),
        chunk(0, object="status"),
        chunk(0, object="../data_1_0"),
        chunk(0, object=None),
        lambda value: value["chunks"].reverse(),
        lambda value: value["chunks"][0].clear(),
    ],
)
def test_what_makes_no_volume_is_refused(
    damage: Callable[[dict[str, Any]], None],
) -> None:
    value = make().to_dict()
    damage(value)
    with pytest.raises(ValueError, match=r"chunk|volume"):
        layout.VolumeMetadata.from_dict(value)


@pytest.mark.parametrize("value", [None, [], "text", 7])
def test_what_is_no_object_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="no volume"):
        layout.VolumeMetadata.from_dict(value)


@pytest.mark.parametrize(
    ("name", "epoch"),
    [
        ("data_7_0", 7),
        ("data_7", None),
        ("data_7_0x", None),
        ("metadata", None),
        ("data_٧_0", None),
    ],
)
def test_a_chunk_name_tells_its_attempt(name: str, epoch: int | None) -> None:
    assert layout.chunk_epoch(name) == epoch
