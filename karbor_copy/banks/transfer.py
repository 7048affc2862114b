# SPDX-License-Identifier: Apache-2.0
"""Moves and checks the objects of bank sections for one operation.

Objects stream through one buffer per thread, in parallel, and are hashed on
their way into the bank. Nothing is believed: what is at the target already
is kept only if its bytes hash to the right digest, and with ``read_back``
what was written is read again after it was flushed.
"""

import concurrent.futures
import contextlib
import threading
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from typing import Literal
from typing import Protocol
from typing import TypeVar

from karbor_copy import exceptions
from karbor_copy.banks import base
from karbor_copy.banks import digests
from karbor_copy.banks import keys
from karbor_copy.banks import section as bank_section
from karbor_copy.banks import section_copy
from karbor_copy.banks import streams
from karbor_copy.banks import transfer_objects

#: Objects that one thread works on before another may take its place: small
#: ones are cheaper in a row than handed over one by one.
GROUP_COUNT = 64
GROUP_SIZE = 1024 * 1024
#: Bytes of an object below which threads hinder each other in local banks.
SMALL_SIZE = 64 * 1024

Verify = Literal["read_back", "checksum"]
_T = TypeVar("_T", bound=transfer_objects.Sized)


class Progress(Protocol):
    """Where a transfer tells how far it is; called by many threads."""

    def add_total(self, resource_key: str, objects: int, size: int) -> None:
        """Add to what there is to do."""

    def add_copied(self, resource_key: str, objects: int, size: int) -> None:
        """Add to what was moved, or checked by a verification."""

    def add_skipped(self, resource_key: str, objects: int, size: int) -> None:
        """Add to what was there already and right."""


class Transfer:
    """The moving of bytes for one running operation.

    ``executor`` is shared with other operations; the methods must not be
    called on its own threads. ``check`` raises what shall stop the work.
    """

    def __init__(
        self,
        *,
        executor: concurrent.futures.Executor,
        check: Callable[[], None],
        progress: Progress,
        verify: Verify,
    ) -> None:
        self.check = check
        self._executor = executor
        self._progress = progress
        self._verify = verify

    def copy_section(
        self,
        source: bank_section.BankSection,
        target: bank_section.BankSection,
        resource_key: str,
    ) -> None:
        """Make the target hold all that the source holds, and prove it.

        :raises SourceCorrupt: an object is not what its manifest says.
        :raises SourceChanged: one without manifest changed meanwhile.
        :raises DigestMismatch: the target gives other bytes than it got.
        """
        objects = transfer_objects.wanted_of(source)
        self._progress.add_total(
            resource_key, len(objects), sum(wanted.size for wanted in objects)
        )
        copying = section_copy.SectionCopy(self.check, source, target)
        connections = _connections(objects, source.bank, target.bank)

        def copy(wanted: transfer_objects.Wanted) -> None:
            if copying.copy(wanted):
                self._progress.add_copied(resource_key, 1, wanted.size)
            else:
                self._progress.add_skipped(resource_key, 1, wanted.size)

        try:
            with copying:
                self._run(objects, copy, connections)
        except exceptions.BatchLost:
            self._copy_again(copying, connections)
        if self._verify == "read_back":
            self._run(copying.written, copying.read_back, connections)
            copying.repair()

    def _copy_again(
        self, copying: section_copy.SectionCopy, connections: int
    ) -> None:
        """Write anew what was written, until it is flushed."""
        while True:
            lost = copying.take_written()
            with contextlib.suppress(exceptions.BatchLost):
                with copying:
                    self._run(lost, copying.copy_again, connections)
                return

    def verify_section(
        self, section: bank_section.BankSection, resource_key: str
    ) -> None:
        """Read all that the section holds and compare with its manifest.

        :raises ObjectNotFound: an object of the manifest is missing.
        :raises DigestMismatch: one has other bytes.
        """
        objects = transfer_objects.wanted_of(section)
        self._progress.add_total(
            resource_key, len(objects), sum(wanted.size for wanted in objects)
        )

        def verify(wanted: transfer_objects.Wanted) -> None:
            sha256, size = streams.digest(
                section, wanted.key, wanted.size, self.check
            )
            if wanted.entry is not None:
                name = keys.in_checkpoint(section.prefix + wanted.key)
                digests.check_size(name, size, wanted.size)
                wanted.check(name, sha256)
            self._progress.add_copied(resource_key, 1, size)

        self._run(objects, verify, _connections(objects, section.bank))

    def _run(
        self,
        items: Sequence[_T],
        function: Callable[[_T], None],
        connections: int,
    ) -> None:
        """Call the function for all items, on so many threads at most.

        The first error stops the rest and is raised when all have stopped.
        """
        stop = threading.Event()

        def run(group: Sequence[_T]) -> None:
            for item in group:
                if stop.is_set():
                    return
                self.check()
                function(item)

        pending: set[concurrent.futures.Future[None]] = set()
        try:
            for group in _groups(items, connections):
                pending.add(self._executor.submit(run, group))
                while len(pending) >= connections:
                    pending = self._settle(pending)
            while pending:
                pending = self._settle(pending)
        finally:
            stop.set()
            for future in pending:
                future.cancel()
            concurrent.futures.wait(pending)

    def _settle(
        self, pending: "set[concurrent.futures.Future[None]]"
    ) -> "set[concurrent.futures.Future[None]]":
        """Wait for one at least and return those that are still open."""
        done, pending = concurrent.futures.wait(
            pending,
            timeout=1.0,
            return_when=concurrent.futures.FIRST_COMPLETED,
        )
        self.check()
        for future in done:
            future.result()
        return pending


def _connections(
    objects: Sequence[transfer_objects.Wanted], *banks: base.Bank
) -> int:
    """Return how many threads shall work on the objects at a time."""
    properties = [bank.properties for bank in banks]
    size = sum(wanted.size for wanted in objects)
    if size < SMALL_SIZE * len(objects) and all(p.local for p in properties):
        return 1
    return min(p.max_connections for p in properties)


def _groups(items: Sequence[_T], connections: int) -> Iterator[Sequence[_T]]:
    """Cut the items into pieces of work that keep all threads busy."""
    most = max(1, min(GROUP_COUNT, len(items) // (4 * connections)))
    group: list[_T] = []
    size = 0
    for item in items:
        group.append(item)
        size += item.size
        if len(group) >= most or size >= GROUP_SIZE:
            yield group
            group, size = [], 0
    if group:
        yield group
