# SPDX-License-Identifier: Apache-2.0
"""Tests of karbor_copy.plugins.volume_file.publish."""

import errno
import os
import pathlib
from typing import Any

import pytest

from karbor_copy import exceptions
from karbor_copy.plugins.volume_file import publish
from karbor_copy.plugins.volume_file import volumes
from tests.fakes import operations

VOLUME_ID = "3f8af6c6-ecea-42bd-b44c-724785bbe5ea"
OTHER_ID = "22b82aa7-9179-4c71-bba2-caf5c0e68db7"
OWNER = {"project_id": operations.PROJECT_ID, "name": "disk"}


def publication(path: pathlib.Path, epoch: int = 1) -> publish.Publication:
    directory = volumes.VolumeDirectory(path)
    return publish.Publication(directory, VOLUME_ID, epoch)


def names(path: pathlib.Path) -> set[str]:
    return {found.name for found in path.iterdir()}


def write_and_publish(path: pathlib.Path, data: bytes, epoch: int = 1) -> None:
    attempt = publication(path, epoch)
    with attempt.open_aside() as descriptor:
        publish.write_at(descriptor, data, 0)
        attempt.publish(OWNER, descriptor, lambda: None)


def test_a_volume_appears_with_its_owner(tmp_path: pathlib.Path) -> None:
    write_and_publish(tmp_path, b"bytes")
    assert names(tmp_path) == {
        f"volume-{VOLUME_ID}",
        f"volume-{VOLUME_ID}.json",
    }


def test_the_owner_is_named_first(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    linked: list[str] = []
    link = os.link

    def note(source: Any, target: pathlib.Path, **kwargs: Any) -> None:
        linked.append(target.name)
        link(source, target, **kwargs)

    monkeypatch.setattr(os, "link", note)
    write_and_publish(tmp_path, b"bytes")
    assert linked == [f"volume-{VOLUME_ID}.json", f"volume-{VOLUME_ID}"]


def test_an_unfinished_file_is_not_seen_and_goes(
    tmp_path: pathlib.Path,
) -> None:
    directory = volumes.VolumeDirectory(tmp_path)
    with publication(tmp_path).open_aside():
        assert len(names(tmp_path)) == 1
        assert directory.list(operations.administrator()) == []
    assert names(tmp_path) == set()


def test_leftovers_of_dead_attempts_go_and_no_others(
    tmp_path: pathlib.Path,
) -> None:
    dead = {
        f".volume-{VOLUME_ID}.1.part",
        f".volume-{VOLUME_ID}.2.part",
        f".volume-{VOLUME_ID}.1.owner",
    }
    others = {
        f".volume-{VOLUME_ID}.3.part",
        f".volume-{OTHER_ID}.1.part",
        f".volume-{VOLUME_ID}.x.part",
    }
    for name in dead | others:
        (tmp_path / name).write_bytes(b"x")
    with publication(tmp_path, epoch=2).open_aside():
        pass
    assert names(tmp_path) == others


def test_an_attempt_that_was_replaced_can_publish_nothing(
    tmp_path: pathlib.Path,
) -> None:
    old = publication(tmp_path, epoch=1)
    with old.open_aside() as descriptor:
        publish.write_at(descriptor, b"old", 0)
        write_and_publish(tmp_path, b"new", epoch=2)
        with pytest.raises((FileNotFoundError, exceptions.ResourceFailed)):
            old.publish(OWNER, descriptor, lambda: None)
    found = tmp_path / f"volume-{VOLUME_ID}"
    assert found.read_bytes() == b"new"


def test_comparing_can_be_stopped(tmp_path: pathlib.Path) -> None:
    write_and_publish(tmp_path, b"bytes")
    again = publication(tmp_path)
    with again.open_aside() as descriptor:
        publish.write_at(descriptor, b"bytes", 0)
        with pytest.raises(exceptions.OperationStopped):
            again.publish(OWNER, descriptor, operations.stop)


def test_a_flush_that_fails_publishes_nothing(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="output error"):
        write_and_publish(tmp_path, b"bytes")
    assert names(tmp_path) == set()


def test_a_short_write_goes_on(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pwrite = os.pwrite

    def write_little(descriptor: int, data: Any, offset: int) -> int:
        return pwrite(descriptor, data[:2], offset)

    monkeypatch.setattr(os, "pwrite", write_little)
    write_and_publish(tmp_path, b"bytes")
    found = tmp_path / f"volume-{VOLUME_ID}"
    assert found.read_bytes() == b"bytes"
