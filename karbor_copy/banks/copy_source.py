# SPDX-License-Identifier: Apache-2.0
"""The section that a copy reads, and what its errors mean for the copy."""

from collections.abc import Callable
from collections.abc import Iterable

from karbor_copy import exceptions
from karbor_copy.banks import keys
from karbor_copy.banks import section as bank_section
from karbor_copy.banks import shared_reads
from karbor_copy.banks import streams
from karbor_copy.banks import transfer_objects


class CopySource:
    """One section's objects, read alone or together with other copies."""

    def __init__(
        self,
        section: bank_section.BankSection,
        reader: shared_reads.Reader,
        check: Callable[[], None],
    ) -> None:
        self.section = section
        self._reader = reader
        self._check = check

    def chunks(self, wanted: transfer_objects.Wanted) -> streams.Chunks:
        """Return an object's bytes, read for this copy alone."""
        return streams.Chunks(self.section, wanted.key, self._check)

    def shared_chunks(
        self, wanted: transfer_objects.Wanted
    ) -> Iterable[bytes | memoryview]:
        """Return an object's bytes, perhaps read by another copy.

        :raises SourceError: it can't be read.
        """
        return self._reader.chunks(
            self.section, wanted.key, wanted.size, self._check
        )

    def done(self, wanted: transfer_objects.Wanted) -> None:
        """Note that the copy has an object, or will never have it."""
        self._reader.done(wanted.key)

    def digest(self, wanted: transfer_objects.Wanted) -> tuple[str, int]:
        """Return the SHA-256 and the size of an object's bytes.

        :raises SourceCorrupt, SourceChanged: there is no such object.
        """
        try:
            return streams.digest(
                self.section, wanted.key, wanted.size, self._check
            )
        except exceptions.BankError as error:
            raise self.error_of(wanted, error) from error

    def check(self, wanted: transfer_objects.Wanted) -> None:
        """Let the caller go on if an object is what it should be.

        :raises SourceCorrupt, SourceChanged: it is not.
        """
        sha256, size = self.digest(wanted)
        if wanted.entry is None:
            if size != wanted.size:
                raise self._changed(wanted)
        elif (sha256, size) != (wanted.entry.sha256, wanted.size):
            raise exceptions.SourceCorrupt(
                key=self.name_of(wanted),
                reason=f"it has {size} bytes and SHA-256 {sha256}, but its "
                f"manifest says {wanted.size} and {wanted.entry.sha256}",
            )

    def error_of(
        self, wanted: transfer_objects.Wanted, error: exceptions.BankError
    ) -> exceptions.KarborCopyError:
        """Return what to raise for an error of reading an object."""
        if not isinstance(error, exceptions.ObjectNotFound):
            return error
        if wanted.entry is None:
            return self._changed(wanted)
        return exceptions.SourceCorrupt(
            key=self.name_of(wanted), reason="it is missing"
        )

    def name_of(self, wanted: transfer_objects.Wanted) -> str:
        """Return an object's key relative to its checkpoint."""
        return keys.in_checkpoint(self.section.prefix + wanted.key)

    def _changed(
        self, wanted: transfer_objects.Wanted
    ) -> exceptions.SourceChanged:
        return exceptions.SourceChanged(
            reason=f"source object {self.name_of(wanted)} changed while it "
            "was copied"
        )
