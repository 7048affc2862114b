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
from karbor_copy.banks import copy_source
from karbor_copy.banks import pace as paces
from karbor_copy.banks import proof
from karbor_copy.banks import reuse
from karbor_copy.banks import section as bank_section
from karbor_copy.banks import section_copy
from karbor_copy.banks import shared_reads
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

    def add_reused(self, resource_key: str, objects: int, size: int) -> None:
        """Add to what the target's back-end had, and copied by itself."""


class Transfer:
    """The moving of bytes for one running operation.

    ``executor`` is shared with other operations; the methods must not be
    called on its own threads. ``check`` raises what shall stop the work;
    ``pace`` lets bytes go to the target.
    """

    def __init__(
        self,
        *,
        executor: concurrent.futures.Executor,
        check: Callable[[], None],
        progress: Progress,
        verify: Verify,
        shelf: reuse.Shelf | None = None,
        sources: shared_reads.Sources | None = None,
        pace: paces.Pace = paces.unlimited,
    ) -> None:
        """Take what tells of objects that the target has already.

        ``sources`` are shared with the transfers that may read the same.
        """
        self._sources = sources or shared_reads.Sources()
        self.check = check
        self.shelf = shelf
        self._pace = pace
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
        reads = self._sources.of(source.bank.location, source.prefix)
        with reads.reader(wanted.key for wanted in objects) as reader:
            self._copy_objects(
                objects,
                copy_source.CopySource(source, reader, self.check),
                target,
                resource_key,
            )

    def _copy_objects(
        self,
        objects: Sequence[transfer_objects.Wanted],
        source: copy_source.CopySource,
        target: bank_section.BankSection,
        resource_key: str,
    ) -> None:
        read_back = self._verify == "read_back"
        copying = section_copy.SectionCopy(
            self.check,
            source,
            target,
            shelf=self.shelf,
            read_back=read_back,
            pace=self._pace,
        )
        connections = _connections(objects, source.section.bank, target.bank)
        count = {
            "copied": self._progress.add_copied,
            "skipped": self._progress.add_skipped,
            "reused": self._progress.add_reused,
        }

        def copy(wanted: transfer_objects.Wanted) -> None:
            moved = copying.copy(wanted)
            count[moved.how](resource_key, 1, wanted.size - moved.kept)
            if moved.kept:
                self._progress.add_skipped(resource_key, 0, moved.kept)

        try:
            with copying:
                self._run(objects, copy, connections)
        except exceptions.BatchLost:
            self._copy_again(copying, connections)
        if read_back:
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
            size = wanted.size
            if wanted.entry is not None:
                proof.verify(section, wanted.entry, self.check)
            else:
                size = streams.digest(section, wanted.key, size, self.check)[1]
            self._progress.add_copied(resource_key, 1, size)

        self.each(objects, verify, section.bank)

    def each(
        self,
        items: Sequence[_T],
        function: Callable[[_T], None],
        *banks: base.Bank,
    ) -> None:
        """Call the function for all items, by as many threads as is good.

        ``banks`` are those that it puts to or gets from; see
        :func:`streams.buffer` for where to. The first error stops the rest
        and is raised when all have stopped.
        """
        self._run(items, function, _connections(items, *banks))

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
            # What has not begun never will, behind whatever it waits.
            concurrent.futures.wait(
                [future for future in pending if not future.cancel()]
            )

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
    objects: Sequence[transfer_objects.Sized], *banks: base.Bank
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
