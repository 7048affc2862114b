# SPDX-License-Identifier: Apache-2.0
"""The Swift bank: objects of one container, in Karbor's layout.

The MD5 of an object is its ETag: it is sent ahead where it is known, so
that Swift refuses other bytes, and else compared with what Swift has got.
"""

import contextlib
import itertools
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

import requests

from karbor_copy import exceptions
from karbor_copy.banks import base
from karbor_copy.banks import incoming
from karbor_copy.banks import lease_options
from karbor_copy.banks import object_names
from karbor_copy.banks import readers
from karbor_copy.banks import swift_answers
from karbor_copy.banks import swift_client
from karbor_copy.banks import swift_options
from karbor_copy.banks import swift_put
from karbor_copy.banks import urls

#: Objects in one page of a listing.
PAGE = 1000
_CODES = requests.codes


class SwiftBank(base.Bank):
    """A container of Swift."""

    OPTS = [*swift_options.SWIFT_OPTS, *lease_options.IGNORED_OPTS]
    GROUP = "swift_bank_plugin"
    CLIENT_OPTS = swift_options.CLIENT_OPTS
    CLIENT_GROUP = "swift_client"

    def __init__(
        self, *, bank_swift_object_container: str = "karbor", **client: Any
    ) -> None:
        """Take the options, those of the client as in ``CLIENT_OPTS``."""
        self._client = swift_client.SwiftClient(
            bank_swift_object_container, client
        )
        address = client.get("swift_endpoint") or client["swift_auth_url"]
        region = client.get("swift_region_name")
        self._location = (
            f"swift://{urls.netloc(address)}"
            + (f"/{region}" if region else "")
            + f"/{bank_swift_object_container}"
        )

    @classmethod
    def check_options(cls, options: Mapping[str, Any]) -> None:
        """Refuse credentials that are not complete.

        :raises InvalidOption: naming what is missing or wrong.
        """
        swift_options.check(options)

    @property
    def properties(self) -> base.Properties:
        """Return what this bank can do."""
        return base.Properties(max_connections=8)

    @property
    def location(self) -> str:
        """Return host, region and container."""
        return self._location

    def set_up(self) -> None:
        """Create the container if it is missing."""
        answer = self._client.request("PUT")
        if not swift_answers.is_good(answer):
            raise swift_answers.error_of(answer, "PUT of the container")

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
        return swift_put.SwiftPut(
            self._client,
            key,
            chunks,
            size=size,
            digests=digests,
            serialized=serialized,
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
        return swift_put.SwiftPut(
            self._client,
            key,
            chunks,
            size=size,
            digests=digests,
            serialized=serialized,
        ).put_new()

    @contextlib.contextmanager
    def open(
        self, key: str, offset: int = 0, length: int | None = None
    ) -> Iterator[base.Reader]:
        """Open an object, as :meth:`base.Bank.open` says."""
        name = object_names.name_of(key)
        if length == 0:
            self.stat(key)
            yield readers.BytesReader(memoryview(b""))
            return
        whole = offset == 0 and length is None
        end = "" if length is None else offset + length - 1
        headers = {} if whole else {"Range": f"bytes={offset}-{end}"}
        with contextlib.closing(
            self._client.request("GET", name, headers=headers, stream=True)
        ) as answer:
            if answer.status_code == _CODES.requested_range_not_satisfiable:
                yield readers.BytesReader(memoryview(b""))
                return
            expected = _CODES.ok if whole else _CODES.partial_content
            if answer.status_code != expected:
                raise self._failed(answer, key)
            yield _reader(answer, whole=whole)

    def stat(self, key: str) -> base.ObjectInfo:
        """Return what Swift tells of an object."""
        answer = self._client.request("HEAD", object_names.name_of(key))
        if not swift_answers.is_good(answer):
            raise self._failed(answer, key)
        return swift_answers.stat_of(answer, key)

    def list(
        self,
        prefix: str = "",
        marker: str | None = None,
        limit: int | None = None,
        delimiter: str | None = None,
    ) -> Iterator[base.ObjectInfo]:
        """Yield objects, as :meth:`base.Bank.list` says."""
        query = {
            "format": "json",
            "limit": str(PAGE if limit is None else min(PAGE, limit)),
            "prefix": object_names.prefix_of(prefix),
        }
        if delimiter is not None:
            query["delimiter"] = delimiter
        return itertools.islice(self._listed(query, marker), limit)

    def delete(self, key: str) -> None:
        """Delete an object, if it is there."""
        answer = self._client.request("DELETE", object_names.name_of(key))
        if swift_answers.is_good(answer):
            return
        error = self._failed(answer, key)
        if not isinstance(error, exceptions.ObjectNotFound):
            raise error

    @contextlib.contextmanager
    def batch(self) -> Iterator[base.Writer]:
        """Yield the bank itself: every PUT is durable when it is answered."""
        answer = self._client.request("HEAD")
        if not swift_answers.is_good(answer):
            raise swift_answers.error_of(answer, "HEAD of the container")
        yield self

    def _listed(
        self, query: Mapping[str, str], marker: str | None
    ) -> Iterator[base.ObjectInfo]:
        """Yield what comes after the marker, until a page is empty."""
        last = None if marker is None else object_names.SLASH + marker
        while True:
            following = {} if last is None else {"marker": last}
            answer = self._client.request("GET", query={**query, **following})
            if answer.status_code != _CODES.ok:
                raise swift_answers.error_of(answer, "GET of the container")
            entries = swift_answers.entries_of(answer)
            if not entries:
                return
            for entry in entries:
                last = entry.get("subdir") or entry["name"]
                info = swift_answers.info_of(entry)
                if object_names.is_after(info.key, marker):
                    yield info

    def _failed(
        self, answer: requests.Response, key: str
    ) -> exceptions.BankError:
        """Return the error for an object that could not be had."""
        if answer.status_code != _CODES.not_found:
            return swift_answers.error_of(
                answer, f"{answer.request.method} of an object"
            )
        container = self._client.request("HEAD")
        if swift_answers.is_good(container):
            return exceptions.ObjectNotFound(key=key)
        return swift_answers.error_of(container, "HEAD of the container")


def _reader(answer: requests.Response, *, whole: bool) -> base.Reader:
    size = int(answer.headers["Content-Length"])
    etag = swift_answers.etag_of(answer)
    if whole and etag:
        return incoming.checked(answer.raw, size, etag)
    return incoming.StreamReader(answer.raw, size)
