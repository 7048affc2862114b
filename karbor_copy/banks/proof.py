# SPDX-License-Identifier: Apache-2.0
"""Reads objects back and compares them with what they should be."""

import contextlib
import enum
from collections.abc import Callable
from collections.abc import Iterator

from karbor_copy import exceptions
from karbor_copy.banks import base
from karbor_copy.banks import keys
from karbor_copy.banks import pace as paces
from karbor_copy.banks import section as bank_section
from karbor_copy.banks import streams
from karbor_copy.data_models import manifest


class Flaw(enum.StrEnum):
    """What can be wrong with an object."""

    MISSING = "missing"
    WRONG_SIZE = "wrong_size"
    WRONG_DIGEST = "wrong_digest"
    #: By the medium, though the bank answers.
    UNREADABLE = "unreadable"
    #: Of index.json, which nothing vouches for.
    MALFORMED = "malformed"


def flaw_of(
    section: bank_section.BankSection,
    entry: manifest.Entry,
    check: Callable[[], None],
) -> tuple[Flaw | None, str]:
    """Read an object; return what is wrong with it, and a sentence on it.

    The entry's key is relative to the checkpoint, wherever the section
    begins.

    :raises BankError: it can't be read.
    """
    key = entry.key.removeprefix(keys.in_checkpoint(section.prefix))
    try:
        sha256, size = streams.digest(section, key, entry.size, check)
    except exceptions.ObjectNotFound:
        return Flaw.MISSING, f"Object {entry.key} not found."
    if size != entry.size:
        return Flaw.WRONG_SIZE, (
            f"Object {entry.key} has {size} bytes, but {entry.size} were"
            " expected."
        )
    if sha256 != entry.sha256:
        return Flaw.WRONG_DIGEST, (
            f"Object {entry.key} has digest {sha256}, but {entry.sha256} was"
            " expected."
        )
    return None, ""


def verify(
    section: bank_section.BankSection,
    entry: manifest.Entry,
    check: Callable[[], None],
) -> None:
    """Read an object that must be right.

    :raises ObjectNotFound: it is missing.
    :raises DigestMismatch: it has other bytes.
    """
    flaw, sentence = flaw_of(section, entry, check)
    if flaw is Flaw.MISSING:
        raise exceptions.ObjectNotFound(key=entry.key)
    if flaw is not None:
        raise exceptions.DigestMismatch(sentence)


class PacedSection(bank_section.BankSection):
    """A section that is read no faster than it may be."""

    def __init__(
        self,
        bank: base.Bank,
        prefix: str,
        *,
        pace: paces.Pace,
        check: Callable[[], None],
    ) -> None:
        super().__init__(bank, prefix, writable=False)
        self._pace = pace
        self._check = check

    @contextlib.contextmanager
    def open(
        self, key: str, offset: int = 0, length: int | None = None
    ) -> Iterator[base.Reader]:
        """As :meth:`BankSection.open`."""
        with super().open(key, offset, length) as reader:
            yield _PacedReader(reader, self._pace, self._check)


class _PacedReader:
    """Hands on what was read when it might have been."""

    def __init__(
        self, reader: base.Reader, pace: paces.Pace, check: Callable[[], None]
    ) -> None:
        self._reader = reader
        self._pace = pace
        self._check = check

    def readinto(self, buffer: memoryview, /) -> int:
        count = self._reader.readinto(buffer)
        for _ in self._pace(buffer[:count], self._check):
            pass
        return count
