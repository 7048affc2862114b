# SPDX-License-Identifier: Apache-2.0
"""A bank section: all that a plugin can reach of a bank, one prefix.

It has Karbor's methods for small values and the streaming ones of a bank.
Keys are relative to the section and are checked before they are joined.
"""

import builtins
import contextlib
import json
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from karbor_copy import exceptions
from karbor_copy.banks import base
from karbor_copy.banks import keys
from karbor_copy.banks import recorder as recorders
from karbor_copy.data_models import manifest


class BankSection:
    """The objects of one resource of a checkpoint.

    ``entries`` are those of the checkpoint's verified manifest by key
    relative to the section, None where it has no manifest.
    """

    def __init__(
        self,
        bank: base.Bank,
        prefix: str,
        *,
        writable: bool,
        entries: Mapping[str, manifest.Entry] | None = None,
        recorder: recorders.Recorder | None = None,
    ) -> None:
        keys.check_key(prefix.removesuffix("/"))
        self.bank = bank
        self.prefix = prefix.removesuffix("/") + "/"
        self.entries = entries
        self._writable = writable
        self._recorder = recorder

    def full_key(self, key: str, *, writing: bool = False) -> str:
        """Return the bank's key for one of the section.

        :raises InvalidKey: it is none.
        :raises BankRejected: for ``writing``, the section is read-only.
        """
        if writing and not self._writable:
            raise exceptions.BankRejected(reason="the section is read-only")
        # All parts are checked, those of the relative key among them.
        return keys.check_key(self.prefix + key)

    def record(self, entry: manifest.Entry) -> None:
        """Remember an object of the section for the manifest.

        Its key is relative to the checkpoint, as in every entry.
        """
        if self._recorder is not None:
            self._recorder.add(entry)

    def put(
        self,
        key: str,
        chunks: Iterable[bytes | memoryview],
        *,
        size: int,
        digests: Mapping[str, str] | None = None,
        serialized: bool = False,
    ) -> base.ObjectInfo:
        """As :meth:`base.Bank.put`, of a key relative to the section.

        :raises BankRejected: the section is read-only, or as the bank.
        """
        return _SectionWriter(self, self.bank).put(
            key, chunks, size=size, digests=digests, serialized=serialized
        )

    def put_new(
        self,
        key: str,
        chunks: Iterable[bytes | memoryview],
        *,
        size: int,
        digests: Mapping[str, str] | None = None,
        serialized: bool = False,
    ) -> base.ObjectInfo:
        """As :meth:`base.Bank.put_new`, of a key relative to the section.

        :raises BankRejected: the section is read-only, or as the bank.
        """
        full_key = self.full_key(key, writing=True)
        info = self.bank.put_new(
            full_key,
            chunks,
            size=size,
            digests=digests,
            serialized=serialized,
        )
        self.record(_entry(full_key, info, serialized=serialized))
        return _renamed(info, key)

    @contextlib.contextmanager
    def batch(self) -> Iterator[base.Writer]:
        """As :meth:`base.Bank.batch`, with keys relative to the section."""
        with self.bank.batch() as writer:
            yield _SectionWriter(self, writer)

    def open(
        self, key: str, offset: int = 0, length: int | None = None
    ) -> contextlib.AbstractContextManager[base.Reader]:
        """As :meth:`base.Bank.open`, of a key relative to the section."""
        return self.bank.open(self.full_key(key), offset, length)

    def stat(self, key: str) -> base.ObjectInfo:
        """As :meth:`base.Bank.stat`, of a key relative to the section."""
        return _renamed(self.bank.stat(self.full_key(key)), key)

    def list(
        self,
        prefix: str = "",
        marker: str | None = None,
        limit: int | None = None,
    ) -> Iterator[base.ObjectInfo]:
        """As :meth:`base.Bank.list`, with keys relative to the section."""
        keys.check_prefix(prefix)
        full_marker = None if marker is None else self.prefix + marker
        for info in self.bank.list(self.prefix + prefix, full_marker, limit):
            yield _renamed(info, info.key[len(self.prefix) :])

    def delete(self, key: str) -> None:
        """As :meth:`base.Bank.delete`, of a key relative to the section.

        :raises BankRejected: the section is read-only, or as the bank.
        """
        full_key = self.full_key(key, writing=True)
        self.bank.delete(full_key)
        if self._recorder is not None:
            self._recorder.discard(keys.in_checkpoint(full_key))

    # Karbor's, for plugins.

    def update_object(self, key: str, value: Any) -> None:
        """Store text or bytes as they are, anything else as JSON.

        :raises TypeError: the value has no JSON form.
        """
        serialized = not isinstance(value, str | bytes)
        if serialized:
            value = json.dumps(value)
        data = value.encode() if isinstance(value, str) else value
        self.put(key, (data,), size=len(data), serialized=serialized)

    def get_object(self, key: str, *, limit: int | None = None) -> Any:
        """Return a value: parsed JSON, else text, else bytes.

        What is JSON is told by the manifest, else by the object's own mark,
        else by its name.

        :raises ObjectNotFound: there is none.
        :raises BankError: it is marked as JSON and is none, or has more than
            ``limit`` bytes.
        """
        most = None if limit is None else limit + 1
        data = read_all(self.bank, self.full_key(key), most)
        if limit is not None and len(data) > limit:
            raise exceptions.BankError(
                reason=f"object {key} is larger than {limit} bytes"
            )
        mark = self._mark(key)
        if mark or (mark is None and is_json_name(key)):
            try:
                return json.loads(data)
            except (ValueError, RecursionError) as error:
                if mark:
                    raise exceptions.BankError(
                        reason=f"object {key} is no JSON"
                    ) from error
        try:
            return data.decode()
        except UnicodeDecodeError:
            return data

    def list_objects(
        self,
        prefix: str | None = None,
        limit: int | None = None,
        marker: str | None = None,
        sort_dir: str | None = None,
    ) -> builtins.list[str]:
        """Return keys in lexical order, or its reverse for ``desc``."""
        if sort_dir != "desc":
            found = self.list(prefix or "", marker, limit)
            return [info.key for info in found]
        names = [info.key for info in self.list(prefix or "")]
        names.reverse()
        if marker is not None:
            names = [name for name in names if name < marker]
        return names[:limit]

    def delete_object(self, key: str) -> None:
        """Delete an object, if it is there."""
        self.delete(key)

    def _mark(self, key: str) -> bool | None:
        if self.entries is not None and key in self.entries:
            return self.entries[key].serialized
        return self.bank.stat(self.full_key(key)).serialized


class _SectionWriter:
    """A writer of a section's keys; what was put is recorded."""

    def __init__(self, section: BankSection, writer: base.Writer) -> None:
        self._section = section
        self._writer = writer

    def put(
        self,
        key: str,
        chunks: Iterable[bytes | memoryview],
        *,
        size: int,
        digests: Mapping[str, str] | None = None,
        serialized: bool = False,
    ) -> base.ObjectInfo:
        """As :meth:`BankSection.put`."""
        full_key = self._section.full_key(key, writing=True)
        info = self._writer.put(
            full_key,
            chunks,
            size=size,
            digests=digests,
            serialized=serialized,
        )
        self._section.record(_entry(full_key, info, serialized=serialized))
        return _renamed(info, key)

    def copy_from(
        self,
        bank: base.Bank,
        source_key: str,
        key: str,
        *,
        size: int,
        serialized: bool,
    ) -> Mapping[str, str] | None:
        """As :meth:`base.Writer.copy_from`, to a key of the section.

        ``source_key`` is the bank's. Nothing is recorded: the copy's digest
        is for the caller to prove.
        """
        return self._writer.copy_from(
            bank,
            source_key,
            self._section.full_key(key, writing=True),
            size=size,
            serialized=serialized,
        )


def _entry(
    full_key: str, info: base.ObjectInfo, *, serialized: bool
) -> manifest.Entry:
    return manifest.Entry(
        key=keys.in_checkpoint(full_key),
        size=info.size,
        sha256=info.digests["sha256"],
        md5=info.digests.get("md5"),
        serialized=serialized,
    )


def _renamed(info: base.ObjectInfo, key: str) -> base.ObjectInfo:
    return replace(info, key=key)


def is_json_name(key: str) -> bool:
    """Tell whether an object of that name is JSON where nothing marks it."""
    name = key.rpartition("/")[2]
    return name == "metadata" or name.endswith(".json")


def read_all(bank: base.Bank, key: str, limit: int | None = None) -> bytes:
    """Return the bytes of an object, at most ``limit`` of them.

    :raises ObjectNotFound: there is none.
    """
    data = bytearray()
    buffer = memoryview(bytearray(base.BLOCK_SIZE))
    with bank.open(key, 0, limit) as reader:
        while count := reader.readinto(buffer):
            data += buffer[:count]
    return bytes(data)
