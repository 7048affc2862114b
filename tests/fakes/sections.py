# SPDX-License-Identifier: Apache-2.0
"""Sections that are copied between two banks which tell what they did."""

import concurrent.futures
import contextlib
import dataclasses
import random
import threading
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

from karbor_copy import exceptions
from karbor_copy.banks import base
from karbor_copy.banks import memory
from karbor_copy.banks import recorder
from karbor_copy.banks import reuse
from karbor_copy.banks import section
from karbor_copy.banks import transfer
from karbor_copy.data_models import manifest
from tests.contract import banks

SOURCE = "checkpoints/s/resource-data/r/"
TARGET = "checkpoints/t/resource-data/r/"
RESOURCE = "OS::Cinder::Volume#r"


class Spy(memory.MemoryBank):
    """Counts what is asked of it, and does harm when told to."""

    def __init__(self) -> None:
        super().__init__()
        self.set_up()
        self.puts: list[str] = []
        self.opens: list[str] = []
        self.flushes = 0
        self.lost_flushes = 0
        self.flush_error: exceptions.BankError = exceptions.BatchLost(
            reason="a flush"
        )
        self.on_put: Callable[[str, bytes], bytes | None] = lambda key, data: (
            data
        )
        self.on_open: Callable[[str], None] = lambda key: None
        self.most = 0
        self._open = 0
        self._count = threading.Lock()

    def put(self, key: str, chunks: Any, **options: Any) -> base.ObjectInfo:
        data = b"".join(map(bytes, chunks))
        info = super().put(key, [data], **options)
        self.puts.append(key)
        kept = self.on_put(key, data)
        if kept is None:
            self.delete(key)
        elif kept != data:
            super().put(key, [kept], size=len(kept))
        return info

    @contextlib.contextmanager
    def open(
        self, key: str, offset: int = 0, length: int | None = None
    ) -> Iterator[base.Reader]:
        with self._count:
            self._open += 1
            self.most = max(self.most, self._open)
        self.opens.append(key)
        try:
            self.on_open(key)
            with super().open(key, offset, length) as reader:
                yield reader
        finally:
            with self._count:
                self._open -= 1

    @contextlib.contextmanager
    def batch(self) -> Iterator[base.Writer]:
        with super().batch() as writer:
            yield writer
        if self.lost_flushes:
            self.lost_flushes -= 1
            raise self.flush_error
        self.flushes += 1


class Progress:
    """Counts, by kind: (objects, bytes)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.total = self.copied = self.skipped = self.reused = (0, 0)

    def _add(self, kind: str, objects: int, size: int) -> None:
        with self._lock:
            before = getattr(self, kind)
            setattr(self, kind, (before[0] + objects, before[1] + size))

    def add_total(self, resource_key: str, objects: int, size: int) -> None:
        assert resource_key == RESOURCE
        self._add("total", objects, size)

    def add_copied(self, resource_key: str, objects: int, size: int) -> None:
        assert resource_key == RESOURCE
        self._add("copied", objects, size)

    def add_skipped(self, resource_key: str, objects: int, size: int) -> None:
        assert resource_key == RESOURCE
        self._add("skipped", objects, size)

    def add_reused(self, resource_key: str, objects: int, size: int) -> None:
        assert resource_key == RESOURCE
        self._add("reused", objects, size)


class World:
    """A source, a target, and a transfer between them."""

    def __init__(self, executor: concurrent.futures.Executor) -> None:
        self.source = Spy()
        self.target = Spy()
        self.progress = Progress()
        self.recorder = recorder.Recorder()
        self.check: Callable[[], None] = lambda: None
        self.shelf: reuse.Shelf | None = None
        self._executor = executor

    def fill(self, *sizes: int) -> dict[str, bytes]:
        data = {
            f"data_{number:04}": random.randbytes(size)
            for number, size in enumerate(sizes)
        }
        with self.source.batch() as writer:
            for key, value in data.items():
                banks.put(writer, SOURCE + key, value)
        return data

    def entries(
        self, data: dict[str, bytes], **changes: Any
    ) -> dict[str, manifest.Entry]:
        return {
            key: dataclasses.replace(
                manifest.Entry(
                    key=f"resource-data/r/{key}",
                    size=len(value),
                    sha256=banks.sha256(value),
                ),
                **changes,
            )
            for key, value in data.items()
        }

    def make_transfer(self, verify: transfer.Verify) -> transfer.Transfer:
        return transfer.Transfer(
            executor=self._executor,
            check=lambda: self.check(),
            progress=self.progress,
            verify=verify,
            shelf=self.shelf,
        )

    def copy(
        self,
        entries: dict[str, manifest.Entry] | None = None,
        verify: transfer.Verify = "read_back",
    ) -> None:
        self.make_transfer(verify).copy_section(
            section.BankSection(
                self.source, SOURCE, writable=False, entries=entries
            ),
            section.BankSection(
                self.target, TARGET, writable=True, recorder=self.recorder
            ),
            RESOURCE,
        )

    def verify(self, entries: dict[str, manifest.Entry] | None) -> None:
        self.make_transfer("read_back").verify_section(
            section.BankSection(
                self.source, SOURCE, writable=False, entries=entries
            ),
            RESOURCE,
        )

    def assert_copied(self, data: dict[str, bytes]) -> None:
        found = {
            info.key.removeprefix(TARGET): banks.get(self.target, info.key)
            for info in self.target.list(TARGET)
        }
        assert found == data
        recorded = self.recorder.entries()
        assert {
            key: (entry.size, entry.sha256) for key, entry in recorded.items()
        } == {
            f"resource-data/r/{key}": (len(value), banks.sha256(value))
            for key, value in data.items()
        }

    def reset(self) -> None:
        self.progress = Progress()
        self.recorder = recorder.Recorder()
        for bank in (self.source, self.target):
            bank.puts.clear()
            bank.opens.clear()
