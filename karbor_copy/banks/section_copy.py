# SPDX-License-Identifier: Apache-2.0
"""Copies single objects from one bank section to another, with proof."""

import contextlib
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from types import TracebackType
from typing import Final
from typing import Literal
from typing import NamedTuple
from typing import Self

from karbor_copy import exceptions
from karbor_copy.banks import base
from karbor_copy.banks import batches
from karbor_copy.banks import copy_source
from karbor_copy.banks import keys
from karbor_copy.banks import pace as paces
from karbor_copy.banks import reuse
from karbor_copy.banks import section as bank_section
from karbor_copy.banks import streams
from karbor_copy.banks import transfer_objects
from karbor_copy.data_models import manifest

#: What the target can't give has to be put.
_LOST: Final = (exceptions.ObjectNotFound, exceptions.ObjectUnreadable)


class Moved(NamedTuple):
    """How an object got to the target.

    ``kept`` bytes of one that was copied were there already, from a put
    that was cut off.
    """

    how: Literal["copied", "skipped", "reused"]
    kept: int = 0


class SectionCopy:
    """The copying of one section; a context manager around the batch."""

    def __init__(
        self,
        check: Callable[[], None],
        source: copy_source.CopySource,
        target: bank_section.BankSection,
        *,
        shelf: reuse.Shelf | None,
        read_back: bool,
        pace: paces.Pace = paces.unlimited,
    ) -> None:
        """Take whether all that is written will be read again."""
        self._check = check
        self._pace = pace
        self._source = source
        self._target = target
        self._copies = target.bank.properties.copies
        self._shelf = shelf if self._copies else None
        self._read_back = read_back
        self._stack = contextlib.ExitStack()
        self._writer: base.Writer
        self._present: dict[str, int] | None = None
        self._wrong: list[transfer_objects.Written] = []
        #: What was sent, in no order.
        self.written: list[transfer_objects.Written] = []
        self._kept: list[transfer_objects.Written] = []

    def __enter__(self) -> Self:
        if self._present is None:
            self._present = {
                info.key: info.size for info in self._target.list()
            }
        self._writer = self._stack.enter_context(self._target.batch())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Flush the batch, unless an error ends it."""
        self._stack.__exit__(kind, error, trace)

    def copy(self, wanted: transfer_objects.Wanted) -> Moved:
        """See to it that the target has an object, and tell how.

        :raises SourceCorrupt, SourceChanged, DigestMismatch: as
            :meth:`Transfer.copy_section`.
        """
        try:
            return self._copy(wanted)
        finally:
            self._source.done(wanted)

    def _copy(self, wanted: transfer_objects.Wanted) -> Moved:
        present = self._present or {}
        if present.get(wanted.key) == wanted.size and self._keep(wanted):
            return Moved("skipped")
        if (
            wanted.entry is None
            or self._shelf is None
            or wanted.size < reuse.MIN_SIZE
        ):
            return Moved("copied", self._move(wanted))
        return self._share(wanted, wanted.entry.sha256, self._shelf)

    def take_written(self) -> list[transfer_objects.Written]:
        """Return what a lost flush may have lost, to be sent again.

        What was kept too: an earlier attempt may have died before its flush,
        so that this was the first one.
        """
        taken = self._kept + self.written
        self._kept, self.written = [], []
        return taken

    def copy_again(self, lost: transfer_objects.Written) -> None:
        """Copy an object, whatever the target seems to hold.

        After a flush that failed the target may answer with bytes that
        never reach its medium.

        :raises SourceCorrupt, SourceChanged, DigestMismatch: as
            :meth:`Transfer.copy_section`.
        """
        self.written.append(self._put(lost.wanted, self._writer))

    def read_back(self, written: transfer_objects.Written) -> None:
        """Read an object from the target and note if it is wrong."""
        try:
            found = self._target_digest(written.wanted)
        except _LOST:
            found = None
        if found != written.sha256:
            self._wrong.append(written)

    def repair(self) -> None:
        """Write once more what :meth:`read_back` has found wrong.

        :raises ObjectNotFound, DigestMismatch: it is wrong again.
        """
        if not self._wrong:
            return

        def work(writer: base.Writer) -> list[transfer_objects.Written]:
            return [self._put(item.wanted, writer) for item in self._wrong]

        for item in batches.put(self._target, work):
            found = self._target_digest(item.wanted)
            if found != item.sha256:
                raise exceptions.DigestMismatch(
                    key=self._source.name_of(item.wanted),
                    actual=found,
                    expected=item.sha256,
                )

    def _share(
        self, wanted: transfer_objects.Wanted, sha256: str, shelf: reuse.Shelf
    ) -> Moved:
        """Take an object from where the target has it, or leave it there."""
        if self._reuse(wanted, sha256, shelf):
            return Moved("reused")
        with shelf.turn(sha256, self._check):
            if self._reuse(wanted, sha256, shelf):
                return Moved("reused")
            kept = self._move(wanted)
            shelf.add(sha256, self._target.full_key(wanted.key))
        return Moved("copied", kept)

    def _reuse(
        self, wanted: transfer_objects.Wanted, sha256: str, shelf: reuse.Shelf
    ) -> bool:
        """Tell whether an object was copied from elsewhere in the target."""
        place = shelf.find(sha256)
        if place is None:
            return False
        if self._copy_from(wanted, self._target.bank, place) is not None:
            return True
        shelf.remove(sha256, place)
        return False

    def _move(self, wanted: transfer_objects.Wanted) -> int:
        """Copy an object from the source, on a server if it is one for both.

        Only with proof: it is read back, or the server can tell the digest.
        Returns how many bytes the target had kept.
        """
        if (
            self._copies
            and wanted.entry is not None
            and (self._read_back or wanted.entry.md5 is not None)
        ):
            section = self._source.section
            place = section.full_key(wanted.key)
            told = self._copy_from(wanted, section.bank, place)
            if told is not None and (self._read_back or told):
                return 0
        put = self._put(wanted, self._writer)
        self.written.append(put)
        return put.kept

    def _copy_from(
        self, wanted: transfer_objects.Wanted, bank: base.Bank, place: str
    ) -> Mapping[str, str] | None:
        """Copy what lies at that key, as :meth:`base.Writer.copy_from`.

        What the back-end tells of the copy must be what it should be.
        """
        try:
            told = self._writer.copy_from(
                bank,
                place,
                wanted.key,
                size=wanted.size,
                serialized=wanted.serialized,
            )
        except _LOST:
            return None
        known = wanted.digests or {}
        if told is None or any(
            known.get(name, value) != value for name, value in told.items()
        ):
            return None
        written = transfer_objects.Written(wanted, known["sha256"])
        self._record(wanted, written.sha256, known.get("md5", told.get("md5")))
        self.written.append(written)
        return told

    def _keep(self, wanted: transfer_objects.Wanted) -> bool:
        """Tell whether the target's object is right; if so, record it."""
        try:
            found = self._target_digest(wanted)
        except _LOST:
            return False
        expected = wanted.entry
        if found != (
            self._source.digest(wanted)[0]
            if expected is None
            else expected.sha256
        ):
            return False
        self._record(wanted, found, None if expected is None else expected.md5)
        self._kept.append(transfer_objects.Written(wanted, found))
        return True

    def _record(
        self, wanted: transfer_objects.Wanted, sha256: str, md5: str | None
    ) -> None:
        self._target.record(
            manifest.Entry(
                key=keys.in_checkpoint(self._target.prefix + wanted.key),
                size=wanted.size,
                sha256=sha256,
                md5=md5,
                serialized=wanted.serialized,
            )
        )

    def _put(
        self, wanted: transfer_objects.Wanted, writer: base.Writer
    ) -> transfer_objects.Written:
        try:
            info = self._put_once(wanted, writer, self._source.shared_chunks)
        except exceptions.DigestMismatch:
            self._source.check(wanted)
            # The source is right, so it happened on the way.
            info = self._put_once(wanted, writer, self._source.chunks)
        return transfer_objects.Written(
            wanted, info.digests["sha256"], info.kept
        )

    def _put_once(
        self,
        wanted: transfer_objects.Wanted,
        writer: base.Writer,
        chunks_of: Callable[
            [transfer_objects.Wanted], Iterable[bytes | memoryview]
        ],
    ) -> base.ObjectInfo:
        try:
            return writer.put(
                wanted.key,
                paces.Paced(chunks_of(wanted), self._pace, self._check),
                size=wanted.size,
                digests=wanted.digests,
                serialized=wanted.serialized,
            )
        except streams.SourceError as error:
            raise self._source.error_of(wanted, error.error) from error

    def _target_digest(self, wanted: transfer_objects.Wanted) -> str:
        return streams.digest(
            self._target, wanted.key, wanted.size, self._check
        )[0]
