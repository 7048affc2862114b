# SPDX-License-Identifier: Apache-2.0
"""Tests of karbor_copy.plugins.volume_file.volumes."""

import json
import os
import pathlib
import uuid

import pytest

from karbor_copy import exceptions
from karbor_copy.plugins.volume_file import volumes
from tests.fakes import operations
from tests.fakes import volumes as fake_volumes


@pytest.fixture
def directory(tmp_path: pathlib.Path) -> volumes.VolumeDirectory:
    return volumes.VolumeDirectory(tmp_path)


def owner_path(directory: volumes.VolumeDirectory) -> pathlib.Path:
    """Make a volume and return the path of its owner file."""
    found = fake_volumes.make(directory.path, b"x")
    return directory.owner_path(found.id)


def test_a_project_sees_its_own_volumes(
    directory: volumes.VolumeDirectory,
) -> None:
    own = fake_volumes.make(directory.path, b"x", name="mine")
    foreign = fake_volumes.make(directory.path, b"x", project_id="other")
    nobodys = fake_volumes.make(directory.path, b"x", project_id=None)
    context = operations.member()
    assert directory.list(context) == [
        volumes.Volume(
            id=own.id, name="mine", project_id=operations.PROJECT_ID
        )
    ]
    assert directory.show(own.id, context) is not None
    assert directory.show(foreign.id, context) is None
    assert directory.show(nobodys.id, context) is None


def test_an_administrator_sees_all(
    directory: volumes.VolumeDirectory,
) -> None:
    ids = sorted(
        fake_volumes.make(directory.path, b"x", project_id).id
        for project_id in ("one", "two", None)
    )
    found = directory.list(operations.administrator())
    assert [volume.id for volume in found] == ids


def test_a_volume_that_no_file_names_is_named_by_its_own(
    directory: volumes.VolumeDirectory,
) -> None:
    made = fake_volumes.make(directory.path, b"x", project_id=None)
    found = directory.show(made.id, operations.administrator())
    assert found == volumes.Volume(
        id=made.id, name=f"volume-{made.id}", project_id=None
    )


def test_a_caller_without_project_sees_nothing(
    directory: volumes.VolumeDirectory,
) -> None:
    fake_volumes.make(directory.path, b"x", project_id=None)
    context = operations.member()
    context.project_id = None
    assert directory.list(context) == []


@pytest.mark.parametrize(
    "name",
    [
        "volume-1",
        "volume-3F8AF6C6-ECEA-42BD-B44C-724785BBE5EA",
        ".volume-3f8af6c6-ecea-42bd-b44c-724785bbe5ea.1.part",
        "volume-3f8af6c6-ecea-42bd-b44c-724785bbe5ea.json",
        "other",
    ],
)
def test_other_files_are_no_volumes(
    directory: volumes.VolumeDirectory, name: str
) -> None:
    (directory.path / name).write_bytes(b"x")
    assert directory.list(operations.administrator()) == []


@pytest.mark.parametrize(
    "volume_id", ["", "x", "../secret", "3f8af6c6ecea42bdb44c724785bbe5ea"]
)
def test_what_is_no_id_is_not_there(
    directory: volumes.VolumeDirectory, volume_id: str
) -> None:
    assert directory.show(volume_id, operations.administrator()) is None


@pytest.mark.parametrize("kind", ["link", "directory", "pipe"])
def test_what_is_no_regular_file_is_not_there(
    directory: volumes.VolumeDirectory, kind: str
) -> None:
    volume_id = str(uuid.uuid4())
    path = directory.volume_path(volume_id)
    match kind:
        case "link":
            secret = directory.path / "secret"
            secret.write_bytes(b"x")
            path.symlink_to(secret)
        case "directory":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
    context = operations.administrator()
    assert directory.list(context) == []
    assert directory.show(volume_id, context) is None
    with (
        pytest.raises(exceptions.ResourceFailed),
        directory.open(volume_id, context),
    ):
        pass
    with pytest.raises(OSError), volumes.open_regular(path):  # noqa: PT011
        pass


def test_an_owner_file_is_no_link(
    directory: volumes.VolumeDirectory,
) -> None:
    path = owner_path(directory)
    path.rename(directory.path / "elsewhere")
    path.symlink_to(directory.path / "elsewhere")
    assert directory.list(operations.member()) == []


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"\xff",
        b"[]",
        b"null",
        b"[" * 60_000,
        json.dumps({"project_id": [operations.PROJECT_ID]}).encode(),
        json.dumps({"name": "x"}).encode(),
        json.dumps(
            {"x": "y" * 70_000, "project_id": operations.PROJECT_ID}
        ).encode(),
    ],
)
def test_an_unusable_owner_file_names_no_owner(
    directory: volumes.VolumeDirectory, text: bytes
) -> None:
    owner_path(directory).write_bytes(text)
    assert directory.list(operations.member()) == []
    assert len(directory.list(operations.administrator())) == 1


def test_a_directory_that_is_not_there_is_no_empty_one(
    tmp_path: pathlib.Path,
) -> None:
    directory = volumes.VolumeDirectory(tmp_path / "missing")
    with pytest.raises(exceptions.ServiceUnavailable) as caught:
        directory.list(operations.member())
    assert str(tmp_path) not in str(caught.value)


def test_a_volume_is_opened_for_its_owner_only(
    directory: volumes.VolumeDirectory,
) -> None:
    made = fake_volumes.make(directory.path, b"bytes")
    with directory.open(made.id, operations.member()) as descriptor:
        assert os.pread(descriptor, 10, 0) == b"bytes"
    missing = str(uuid.uuid4())
    reasons = []
    for volume_id, project_id in (
        (made.id, "other"),
        (missing, operations.PROJECT_ID),
    ):
        context = operations.member(project_id)
        with (
            pytest.raises(exceptions.ResourceFailed) as caught,
            directory.open(volume_id, context),
        ):
            pass
        reasons.append(str(caught.value).replace(volume_id, "ID"))
    assert reasons[0] == reasons[1]


def test_errors_of_the_disk_name_no_path(tmp_path: pathlib.Path) -> None:
    with (
        pytest.raises(exceptions.ResourceFailed) as caught,
        volumes.disk_errors("the volume can't be read"),
    ):
        (tmp_path / "missing").read_bytes()
    assert str(caught.value) == (
        "the volume can't be read: No such file or directory"
    )
