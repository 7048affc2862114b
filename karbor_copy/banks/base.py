# SPDX-License-Identifier: Apache-2.0
"""The contract between the service and a bank driver.

A bank is a flat store of objects under keys, one container of one back-end.
Every driver passes the same suite in ``tests/contract/banks.py``.

Rules that hold for all methods:

* A bank may be used by many threads at once.
* Every call may be made again with the same arguments: after a lost answer,
  by a resumed operation, or by a worker that does not know it was replaced.
* A driver raises only the errors of :class:`karbor_copy.exceptions.BankError`
  and its family: ``ObjectNotFound``, ``ObjectExists``, ``BankUnavailable``
  (transient, worth a retry; also a container that is missing or can't be
  listed: a bank that is not there is never an empty one), ``BankRejected``
  (permanent: full, read-only, forbidden, over quota), ``DigestMismatch``,
  and ``InvalidKey`` before anything is touched.
* A driver does not retry; ``banks/retry.py`` does, for all of them. Only a
  token that was refused is replaced and the call made once more.
* A driver logs no key material and reads no configuration: its options come
  through its constructor by the names in ``OPTS``.
"""

import abc
import contextlib
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from typing import Any
from typing import ClassVar
from typing import Protocol

#: Bytes in one buffer: larger ones cost several times the CPU on virtual
#: machines, smaller ones more system calls.
BLOCK_SIZE = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectInfo:
    """What a bank tells of one object.

    ``size`` is in bytes. ``digests`` maps algorithm (``sha256``, ``md5``) to
    lower-case hexadecimal: after a ``put`` always with the sha256 of the
    bytes that were written, from ``stat`` and ``list`` whatever the back-end
    keeps. ``serialized`` is None where the back-end can't tell. ``kept`` is
    how many of the bytes a ``put`` did not send, because one that was cut
    off had sent them.
    """

    key: str
    size: int
    digests: Mapping[str, str] = field(default_factory=dict)
    serialized: bool | None = None
    kept: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Properties:
    """What a driver can do, fixed for its life.

    ``max_connections`` bounds the threads of one operation that use it at a
    time; ``local`` tells that calls are answered by this machine, so that
    threads gain nothing on small objects; ``copies`` that ``copy_from`` can
    be of use.
    """

    max_connections: int = 4
    local: bool = False
    copies: bool = False


class Reader(Protocol):
    """What ``open`` yields: bytes into a buffer of the caller's."""

    def readinto(self, buffer: memoryview, /) -> int:
        """Fill the buffer from the front and return how much; 0 at the end.

        :raises BankUnavailable: the stream broke, or ended before the size
            that the back-end had announced.
        """


class Writer(Protocol):
    """Where objects are put: a bank, or a batch of one."""

    def put(
        self,
        key: str,
        chunks: Iterable[bytes | memoryview],
        *,
        size: int,
        digests: Mapping[str, str] | None = None,
        serialized: bool = False,
    ) -> ObjectInfo:
        """Store an object, replacing any of the same key.

        ``chunks`` is consumed once; a chunk may be a view of a buffer that
        is reused as soon as the next one is asked for. ``size`` is the sum
        of the chunks in bytes. ``digests`` are those that the bytes must
        have, where the caller knows them.

        :raises DigestMismatch: bytes or size differ from what was promised;
            nothing of it is visible under the key afterwards.
        :raises BankRejected: the back-end is full, read-only or forbidden.
        :raises BankUnavailable: try again.
        """

    def copy_from(
        self,
        bank: "Bank",
        source_key: str,
        key: str,
        *,
        size: int,
        serialized: bool,
    ) -> Mapping[str, str] | None:
        """Copy an object of a bank without its bytes passing through here.

        ``size`` is what it should have. As :meth:`put` it replaces any
        object of the same key. Returns what digests the back-end tells of
        the copy, perhaps none: who wants proof reads it. None if it can't
        be done, now or ever; the caller then has to put the object.

        :raises ObjectNotFound: the bank has no such object.
        :raises ObjectUnreadable: its medium has lost it.
        :raises BankRejected, BankUnavailable: as :meth:`put`.
        """


class Bank(Writer, abc.ABC):
    """One container of one back-end."""

    #: oslo.config options of the driver's group in a provider file; the
    #: constructor takes them as keyword arguments of the same names.
    OPTS: ClassVar[list[Any]]
    #: Name of that group, Karbor's where Karbor had the bank.
    GROUP: ClassVar[str]
    #: More of them, where Karbor has those of the client in another group.
    CLIENT_OPTS: ClassVar[list[Any]] = []
    CLIENT_GROUP: ClassVar[str | None] = None

    @classmethod
    def check_options(cls, options: Mapping[str, Any]) -> None:
        """Refuse values that don't fit together, when a file is read.

        :raises InvalidOption: naming one that is wrong or missing.
        """

    @property
    @abc.abstractmethod
    def properties(self) -> Properties:
        """Return what this bank can do."""

    @property
    @abc.abstractmethod
    def location(self) -> str:
        """Return a name of the container for people, without secrets."""

    @abc.abstractmethod
    def set_up(self) -> None:
        """Create the container if it is missing; only for first set-up.

        :raises BankRejected, BankUnavailable: it could not be made.
        """

    @abc.abstractmethod
    def put(
        self,
        key: str,
        chunks: Iterable[bytes | memoryview],
        *,
        size: int,
        digests: Mapping[str, str] | None = None,
        serialized: bool = False,
    ) -> ObjectInfo:
        """As :meth:`Writer.put`; whole or absent, and durable, by itself.

        When it returns, the object survives a loss of power; when it does
        not, the key holds what it held before, or nothing.
        """

    def copy_from(
        self,
        bank: "Bank",  # noqa: ARG002 - for those that can
        source_key: str,  # noqa: ARG002
        key: str,  # noqa: ARG002
        *,
        size: int,  # noqa: ARG002
        serialized: bool,  # noqa: ARG002
    ) -> Mapping[str, str] | None:
        """As :meth:`Writer.copy_from`; a back-end that can't says None."""
        return None

    @abc.abstractmethod
    def put_new(
        self,
        key: str,
        chunks: Iterable[bytes | memoryview],
        *,
        size: int,
        digests: Mapping[str, str] | None = None,
        serialized: bool = False,
    ) -> ObjectInfo:
        """As :meth:`put`, but never in the place of other bytes.

        However late the bytes arrive and whoever puts at the same time: of
        several calls one stores its object. The same bytes under the key
        already are as good as stored, as after a lost answer. A back-end
        that can't decide between calls that begin in the same moment keeps
        the one that began last, as ``banks/object_store.py`` says.

        :raises ObjectExists: the key holds other bytes.
        """

    @abc.abstractmethod
    def open(
        self, key: str, offset: int = 0, length: int | None = None
    ) -> contextlib.AbstractContextManager[Reader]:
        """Open an object, or ``length`` bytes of it from ``offset``.

        :raises ObjectNotFound: there is none, raised on entry.
        """

    @abc.abstractmethod
    def stat(self, key: str) -> ObjectInfo:
        """Return what the bank tells of an object without reading it.

        :raises ObjectNotFound: there is none.
        """

    @abc.abstractmethod
    def list(
        self,
        prefix: str = "",
        marker: str | None = None,
        limit: int | None = None,
        delimiter: str | None = None,
    ) -> Iterator[ObjectInfo]:
        """Yield the objects whose key begins with ``prefix``.

        In lexical order of the keys' UTF-8 bytes, after ``marker``, at most
        ``limit``; pages are fetched as they are needed. With ``delimiter``
        what follows it behind the prefix is rolled up into one item of
        size 0 whose key ends with the delimiter.

        :raises BankUnavailable: the container is missing or can't be
            listed.
        """

    @abc.abstractmethod
    def delete(self, key: str) -> None:
        """Delete an object, durably; deleting what is not there is done.

        :raises BankRejected, BankUnavailable: it may still be there.
        """

    def delete_leftovers(
        self,
        prefix: str,  # noqa: ARG002 - for those that have any
        check: Callable[[], None],  # noqa: ARG002
    ) -> int:
        """Delete parts of objects that are none yet, or no more; how many.

        Those of large objects whose keys begin with ``prefix``: no listing
        shows them, and a put that was cut off goes on with them. So only
        one that comes too late may be under way there. ``check`` is called
        for each and raises what shall stop the work. A back-end that has
        nothing of the kind returns 0.

        :raises BankRejected, BankUnavailable: some may still be there.
        """
        return 0

    def sharing(self, prefix: str) -> Mapping[str, Sequence[str]]:  # noqa: ARG002
        """Return by keys which other keys have an object's very bytes.

        Of those whose keys begin with ``prefix``, a directory's name: what
        is one on the medium is lost as one. A back-end that keeps each
        object by itself returns nothing.

        :raises BankUnavailable: it can't be told now.
        """
        return {}

    @abc.abstractmethod
    def batch(self) -> contextlib.AbstractContextManager[Writer]:
        """Open a batch: a writer whose puts become durable together.

        Inside, a put may be visible under its key while it is still partial
        and not yet durable, so the caller must see to it that nothing
        counts before the batch has ended. Leaving the block flushes all of
        it to the medium and raises what the flush reports; leaving it by an
        exception flushes nothing. The writer may be used by many threads.

        :raises BankRejected, BankUnavailable: on leaving, the flush failed.
        """
