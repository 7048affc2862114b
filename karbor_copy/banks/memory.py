# SPDX-License-Identifier: Apache-2.0
"""A bank in this process's memory, for tests and for trying things out."""

import contextlib
import dataclasses
import itertools
import threading
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from typing import ClassVar

from oslo_config import cfg

from karbor_copy import exceptions
from karbor_copy.banks import base
from karbor_copy.banks import digests as digest_checks
from karbor_copy.banks import keys
from karbor_copy.banks import readers

MEMORY_OPTS = [
    cfg.StrOpt(
        "memory_bank_container",
        default="karbor",
        help="Name of the container. Banks of one name in one process hold "
        "the same objects, which are gone when the process ends.",
    ),
]


@dataclasses.dataclass(frozen=True, slots=True)
class _Object:
    data: bytes
    sha256: str
    serialized: bool


class MemoryBank(base.Bank):
    """Objects in a dictionary; without a name nobody else sees them."""

    OPTS = MEMORY_OPTS
    GROUP = "memory_bank_plugin"

    _shared: ClassVar[dict[str, dict[str, _Object]]] = {}

    def __init__(self, *, memory_bank_container: str | None = None) -> None:
        self._name = memory_bank_container
        self._lock = threading.Lock()
        self._private: dict[str, _Object] | None = None

    @property
    def properties(self) -> base.Properties:
        """Return what this bank can do."""
        return base.Properties(max_connections=16, local=True, copies=True)

    @property
    def location(self) -> str:
        """Return a name of the container for people."""
        return f"memory:{self._name or 'private'}"

    def set_up(self) -> None:
        """Create the container if it is missing."""
        if self._name is not None:
            self._shared.setdefault(self._name, {})
        elif self._private is None:
            self._private = {}

    def put(
        self,
        key: str,
        chunks: Iterable[bytes | memoryview],
        *,
        size: int,
        digests: Mapping[str, str] | None = None,
        serialized: bool = False,
    ) -> base.ObjectInfo:
        """Store an object, as :meth:`base.Bank.put` says."""
        objects = self._objects_for(key)
        made, info = _take(
            key, chunks, size=size, digests=digests, serialized=serialized
        )
        with self._lock:
            objects[key] = made
        return info

    def copy_from(
        self,
        bank: base.Bank,
        source_key: str,
        key: str,
        *,
        size: int,
        serialized: bool,
    ) -> Mapping[str, str] | None:
        """Copy an object of this bank, as :meth:`base.Bank.copy_from` says."""
        if bank is not self:
            return None
        found = self._get(source_key)
        if len(found.data) != size:
            return None
        with self._lock:
            self._objects_for(key)[key] = dataclasses.replace(
                found, serialized=serialized
            )
        return {"sha256": found.sha256}

    def put_new(
        self,
        key: str,
        chunks: Iterable[bytes | memoryview],
        *,
        size: int,
        digests: Mapping[str, str] | None = None,
        serialized: bool = False,
    ) -> base.ObjectInfo:
        """Store an object, as :meth:`base.Bank.put_new` says."""
        objects = self._objects_for(key)
        made, info = _take(
            key, chunks, size=size, digests=digests, serialized=serialized
        )
        with self._lock:
            if objects.setdefault(key, made).data != made.data:
                raise exceptions.ObjectExists(key=key)
        return info

    @contextlib.contextmanager
    def open(
        self, key: str, offset: int = 0, length: int | None = None
    ) -> Iterator[base.Reader]:
        """Open an object, as :meth:`base.Bank.open` says."""
        data = memoryview(self._get(key).data)[offset:]
        yield readers.BytesReader(data if length is None else data[:length])

    def stat(self, key: str) -> base.ObjectInfo:
        """Return what is known of an object."""
        return _info(key, self._get(key))

    def list(
        self,
        prefix: str = "",
        marker: str | None = None,
        limit: int | None = None,
        delimiter: str | None = None,
    ) -> Iterator[base.ObjectInfo]:
        """Yield objects, as :meth:`base.Bank.list` says."""
        keys.check_prefix(prefix)
        objects = self._objects()
        with self._lock:
            snapshot = sorted(
                (key, value)
                for key, value in objects.items()
                if key.startswith(prefix)
            )
        found: Iterator[base.ObjectInfo] = (
            _info(key, value) for key, value in snapshot
        )
        if delimiter is not None:
            found = _roll_up(found, prefix, delimiter)
        return itertools.islice(
            (info for info in found if marker is None or info.key > marker),
            limit,
        )

    def delete(self, key: str) -> None:
        """Delete an object, if it is there."""
        objects = self._objects_for(key)
        with self._lock:
            objects.pop(key, None)

    @contextlib.contextmanager
    def batch(self) -> Iterator[base.Writer]:
        """Yield the bank itself: nothing here needs a flush."""
        self._objects()
        yield self

    def _objects(self) -> dict[str, _Object]:
        objects = self._private
        if self._name is not None:
            objects = self._shared.get(self._name)
        if objects is None:
            raise exceptions.BankUnavailable(reason="no such container")
        return objects

    def _objects_for(self, key: str) -> dict[str, _Object]:
        keys.check_key(key)
        return self._objects()

    def _get(self, key: str) -> _Object:
        found = self._objects_for(key).get(key)
        if found is None:
            raise exceptions.ObjectNotFound(key=key)
        return found


def _take(
    key: str,
    chunks: Iterable[bytes | memoryview],
    *,
    size: int,
    digests: Mapping[str, str] | None,
    serialized: bool,
) -> tuple[_Object, base.ObjectInfo]:
    """Return the object made of the chunks, and what to tell of it.

    :raises DigestMismatch: it is not what was promised.
    """
    data = bytearray()
    algorithms = digest_checks.algorithms_of(digests)
    with digest_checks.hasher(size, algorithms) as hasher:
        for chunk in chunks:
            data += chunk
            hasher.update(chunk)
            hasher.wait()
        found = hasher.digests()
    digest_checks.check_size(key, len(data), size)
    digest_checks.check(key, found, digests)
    return _Object(bytes(data), found["sha256"], serialized), base.ObjectInfo(
        key=key, size=size, digests=found, serialized=serialized
    )


def _info(key: str, value: _Object) -> base.ObjectInfo:
    return base.ObjectInfo(
        key=key,
        size=len(value.data),
        digests={"sha256": value.sha256},
        serialized=value.serialized,
    )


def _roll_up(
    found: Iterable[base.ObjectInfo], prefix: str, delimiter: str
) -> Iterator[base.ObjectInfo]:
    previous = None
    for info in found:
        head, separator, _ = info.key[len(prefix) :].partition(delimiter)
        if not separator:
            yield info
        elif head != previous:
            previous = head
            yield base.ObjectInfo(key=prefix + head + delimiter, size=0)
