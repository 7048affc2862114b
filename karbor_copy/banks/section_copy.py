# SPDX-License-Identifier: Apache-2.0
"""Copies single objects from one bank section to another, with proof."""

import contextlib
from collections.abc import Callable
from types import TracebackType
from typing import Self

from karbor_copy import exceptions
from karbor_copy.banks import base
from karbor_copy.banks import batches
from karbor_copy.banks import keys
from karbor_copy.banks import section as bank_section
from karbor_copy.banks import streams
from karbor_copy.banks import transfer_objects
from karbor_copy.data_models import manifest


class SectionCopy:
    """The copying of one section; a context manager around the batch."""

    def __init__(
        self,
        check: Callable[[], None],
        source: bank_section.BankSection,
        target: bank_section.BankSection,
    ) -> None:
        self._check = check
        self._source = source
        self._target = target
        self._stack = contextlib.ExitStack()
        self._writer: base.Writer = target
        self._present: dict[str, int] | None = None
        self._wrong: list[transfer_objects.Written] = []
        #: What was sent, in no order.
        self.written: list[transfer_objects.Written] = []

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

    def copy(self, wanted: transfer_objects.Wanted) -> bool:
        """Copy an object and return True; False if it was there already.

        :raises SourceCorrupt, SourceChanged, DigestMismatch: as
            :meth:`Transfer.copy_section`.
        """
        present = self._present or {}
        if present.get(wanted.key) == wanted.size and self._keep(wanted):
            return False
        self.written.append(self._put(wanted, self._writer))
        return True

    def take_written(self) -> list[transfer_objects.Written]:
        """Return what was sent, to be sent again."""
        taken, self.written = self.written, []
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
        except exceptions.ObjectNotFound:
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
                    key=self._name(item.wanted),
                    actual=found,
                    expected=item.sha256,
                )

    def _keep(self, wanted: transfer_objects.Wanted) -> bool:
        """Tell whether the target's object is right; if so, record it."""
        try:
            found = self._target_digest(wanted)
        except exceptions.ObjectNotFound:
            return False
        expected = wanted.entry
        if found != (
            self._source_digest(wanted)[0]
            if expected is None
            else expected.sha256
        ):
            return False
        self._target.record(
            manifest.Entry(
                key=keys.in_checkpoint(self._target.prefix + wanted.key),
                size=wanted.size,
                sha256=found,
                md5=None if expected is None else expected.md5,
                serialized=wanted.serialized,
            )
        )
        return True

    def _put(
        self, wanted: transfer_objects.Wanted, writer: base.Writer
    ) -> transfer_objects.Written:
        try:
            info = self._put_once(wanted, writer)
        except exceptions.DigestMismatch:
            self._check_source(wanted)
            # The source is right, so it happened on the way.
            info = self._put_once(wanted, writer)
        return transfer_objects.Written(wanted, info.digests["sha256"])

    def _put_once(
        self, wanted: transfer_objects.Wanted, writer: base.Writer
    ) -> base.ObjectInfo:
        try:
            return writer.put(
                wanted.key,
                streams.Chunks(self._source, wanted.key, self._check),
                size=wanted.size,
                digests=wanted.digests,
                serialized=wanted.serialized,
            )
        except streams.SourceError as error:
            raise self._source_error(wanted, error.error) from error

    def _check_source(self, wanted: transfer_objects.Wanted) -> None:
        """Let the caller go on if the source object is what it should be."""
        sha256, size = self._source_digest(wanted)
        if wanted.entry is None:
            if size != wanted.size:
                raise self._changed(wanted)
        elif (sha256, size) != (wanted.entry.sha256, wanted.size):
            raise exceptions.SourceCorrupt(
                key=self._name(wanted),
                reason=f"it has {size} bytes and SHA-256 {sha256}, but its "
                f"manifest says {wanted.size} and {wanted.entry.sha256}",
            )

    def _source_digest(
        self, wanted: transfer_objects.Wanted
    ) -> tuple[str, int]:
        try:
            return streams.digest(
                self._source, wanted.key, wanted.size, self._check
            )
        except exceptions.BankError as error:
            raise self._source_error(wanted, error) from error

    def _target_digest(self, wanted: transfer_objects.Wanted) -> str:
        return streams.digest(
            self._target, wanted.key, wanted.size, self._check
        )[0]

    def _source_error(
        self, wanted: transfer_objects.Wanted, error: exceptions.BankError
    ) -> exceptions.KarborCopyError:
        """Return what to raise for an error of reading the source."""
        if not isinstance(error, exceptions.ObjectNotFound):
            return error
        if wanted.entry is None:
            return self._changed(wanted)
        return exceptions.SourceCorrupt(
            key=self._name(wanted), reason="it is missing"
        )

    def _changed(
        self, wanted: transfer_objects.Wanted
    ) -> exceptions.SourceChanged:
        return exceptions.SourceChanged(
            reason=f"source object {self._name(wanted)} changed while it was "
            "copied"
        )

    def _name(self, wanted: transfer_objects.Wanted) -> str:
        return keys.in_checkpoint(self._source.prefix + wanted.key)
