# SPDX-License-Identifier: Apache-2.0
"""The directory of volumes: which there are, and whose they are.

A volume is a regular file ``volume-<uuid>``; beside it ``volume-<uuid>.json``
names its owner: ``{"project_id": ..., "name": ...}``. Without that file only
an administrator sees the volume. Links are never followed.
"""

import contextlib
import json
import os
import pathlib
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from karbor_copy import context as request_context
from karbor_copy import exceptions

_NAME = re.compile(
    r"volume-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})", re.ASCII
)
#: Bytes; more is no owner file.
_MAX_OWNER_SIZE = 64 * 1024
#: Neither a link nor, where it is a pipe, an open that never returns.
_READ_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """One volume; ``project_id`` is None where no file names its owner."""

    id: str
    name: str
    project_id: str | None

    def is_visible(self, context: request_context.RequestContext) -> bool:
        """Tell whether the caller may know of the volume."""
        if context.is_admin:
            return True
        return (
            self.project_id is not None
            and self.project_id == context.project_id
        )


@contextlib.contextmanager
def disk_errors(doing: str) -> Iterator[None]:
    """Turn the system's errors into one that names no path.

    :raises ResourceFailed: with what was being done and why it failed.
    """
    try:
        yield
    except OSError as error:
        raise exceptions.ResourceFailed(
            reason=f"{doing}: {error.strerror or type(error).__name__}"
        ) from error


class VolumeDirectory:
    """The volumes under one path."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path

    def volume_path(self, volume_id: str) -> pathlib.Path:
        """Return where a volume of that id is or would be."""
        return self.path / f"volume-{volume_id}"

    def owner_path(self, volume_id: str) -> pathlib.Path:
        """Return where the owner of that volume is or would be named."""
        return self.path / f"volume-{volume_id}.json"

    def list(self, context: request_context.RequestContext) -> "list[Volume]":
        """Return the volumes that the caller may see, by id.

        :raises ServiceUnavailable: the directory can't be read.
        """
        try:
            names = os.listdir(self.path)
        except OSError as error:
            raise exceptions.ServiceUnavailable(
                f"The directory of volumes can't be read: {error.strerror}"
            ) from error
        ids = sorted(
            match[1] for name in names if (match := _NAME.fullmatch(name))
        )
        found = (self.show(volume_id, context) for volume_id in ids)
        return [volume for volume in found if volume is not None]

    def show(
        self, volume_id: str, context: request_context.RequestContext
    ) -> Volume | None:
        """Return a volume, or None if there is none for this caller."""
        if not _NAME.fullmatch(f"volume-{volume_id}"):
            return None
        try:
            found = os.lstat(self.volume_path(volume_id))
        except OSError:
            return None
        if not stat.S_ISREG(found.st_mode):
            return None
        owner = self.read_owner(volume_id)
        volume = Volume(
            id=volume_id,
            name=owner.get("name", f"volume-{volume_id}"),
            project_id=owner.get("project_id"),
        )
        return volume if volume.is_visible(context) else None

    def read_owner(self, volume_id: str) -> dict[str, str]:
        """Return what the owner file says; nothing if it is unusable."""
        try:
            with open_regular(self.owner_path(volume_id)) as descriptor:
                value: Any = json.loads(
                    os.pread(descriptor, _MAX_OWNER_SIZE, 0)
                )
        except (OSError, ValueError, RecursionError):
            return {}
        if not isinstance(value, dict):
            return {}
        return {
            key: value[key]
            for key in ("project_id", "name")
            if isinstance(value.get(key), str)
        }

    @contextlib.contextmanager
    def open(
        self, volume_id: str, context: request_context.RequestContext
    ) -> Iterator[int]:
        """Open a volume for reading and yield its descriptor.

        :raises ResourceFailed: there is none for this caller; whether
            another project has one of that id is not told.
        :raises OSError: it can't be opened.
        """
        if self.show(volume_id, context) is None:
            raise exceptions.ResourceFailed(
                reason=f"volume {volume_id} is not among the project's volumes"
            )
        with open_regular(self.volume_path(volume_id)) as descriptor:
            yield descriptor


@contextlib.contextmanager
def open_regular(path: pathlib.Path) -> Iterator[int]:
    """Open a regular file for reading and yield its descriptor.

    :raises OSError: it is no regular file, or can't be opened.
    """
    descriptor = os.open(path, _READ_FLAGS)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError("not a regular file")
        yield descriptor
    finally:
        os.close(descriptor)
