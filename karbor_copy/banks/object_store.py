# SPDX-License-Identifier: Apache-2.0
"""What the banks in object stores have in common, whoever answers."""

import abc
import builtins
import contextlib
import itertools
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass

from karbor_copy import exceptions
from karbor_copy.banks import base
from karbor_copy.banks import keys
from karbor_copy.banks import object_names
from karbor_copy.banks import object_put
from karbor_copy.banks import readers

#: Objects in one page of a listing.
PAGE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What is to be listed, in names of the store."""

    prefix: str
    start_after: str | None
    delimiter: str | None
    page: int


class ObjectStoreBank(base.Bank):
    """One container of a server; a driver tells how it is asked."""

    def __init__(self, put_of: Callable[..., object_put.ObjectPut]) -> None:
        """Take what makes one put of the arguments of :meth:`put`."""
        self._put_of = put_of

    @abc.abstractmethod
    def _get(
        self, key: str, part: str | None
    ) -> contextlib.AbstractContextManager[base.Reader]:
        """Open an object, or the part that a Range header names."""

    @abc.abstractmethod
    def _pages(
        self, listing: Listing
    ) -> Iterator[builtins.list[base.ObjectInfo]]:
        """Yield pages of a listing, each in order of bytes."""

    @abc.abstractmethod
    def _check_container(self) -> None:
        """See that the container is there.

        :raises BankUnavailable: it is not.
        """

    @property
    def properties(self) -> base.Properties:
        """Return what this bank can do."""
        return base.Properties(max_connections=8, copies=True)

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
        return self._put_of(
            key, chunks, size=size, digests=digests, serialized=serialized
        ).put()

    def put_new(
        self,
        key: str,
        chunks: Iterable[bytes | memoryview],
        *,
        size: int,
        digests: Mapping[str, str] | None = None,
        serialized: bool = False,
    ) -> base.ObjectInfo:
        """Store an object, as :meth:`base.Bank.put_new` says.

        Swift looks for another object when a PUT begins, and keeps the one
        that began last: of two PUTs at the very same time the later wins.
        """
        return self._put_of(
            key, chunks, size=size, digests=digests, serialized=serialized
        ).put_new()

    @contextlib.contextmanager
    def open(
        self, key: str, offset: int = 0, length: int | None = None
    ) -> Iterator[base.Reader]:
        """Open an object, as :meth:`base.Bank.open` says."""
        if length == 0:
            self.stat(key)
            yield readers.BytesReader(memoryview(b""))
            return
        part = None
        if offset or length is not None:
            end = "" if length is None else offset + length - 1
            part = f"bytes={offset}-{end}"
        with self._get(key, part) as reader:
            yield reader

    def list(
        self,
        prefix: str = "",
        marker: str | None = None,
        limit: int | None = None,
        delimiter: str | None = None,
    ) -> Iterator[base.ObjectInfo]:
        """Yield objects, as :meth:`base.Bank.list` says."""
        listing = Listing(
            prefix=object_names.prefix_of(prefix),
            start_after=(
                None if marker is None else object_names.SLASH + marker
            ),
            delimiter=delimiter,
            page=PAGE if limit is None else max(1, min(PAGE, limit)),
        )
        return itertools.islice(self._listed(listing, marker), limit)

    @contextlib.contextmanager
    def batch(self) -> Iterator[base.Writer]:
        """Yield the bank itself: every PUT is durable when it is answered."""
        self._check_container()
        yield self

    def _listed(
        self, listing: Listing, marker: str | None
    ) -> Iterator[base.ObjectInfo]:
        """Yield what comes after the marker and can be a key."""
        last = marker
        previous = None
        for page in self._pages(listing):
            if page == previous:
                raise exceptions.BankUnavailable(
                    reason="a listing does not go on"
                )
            previous = page
            for info in page:
                if not object_names.is_after(info.key, last):
                    continue
                last = info.key
                name = info.key
                if listing.delimiter is not None:
                    name = name.removesuffix(listing.delimiter)
                if keys.is_key(name):
                    yield info
