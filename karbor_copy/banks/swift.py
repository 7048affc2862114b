# SPDX-License-Identifier: Apache-2.0
"""The Swift bank: objects of one container, in Karbor's layout.

The MD5 of an object is its ETag: it is sent ahead where it is known, so
that Swift refuses other bytes, and else compared with what Swift has got.
"""

import contextlib
from collections.abc import Callable
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
from karbor_copy.banks import object_put
from karbor_copy.banks import object_store
from karbor_copy.banks import option_checks
from karbor_copy.banks import readers
from karbor_copy.banks import swift_answers
from karbor_copy.banks import swift_client
from karbor_copy.banks import swift_large
from karbor_copy.banks import swift_options
from karbor_copy.banks import swift_put
from karbor_copy.banks import swift_segments

_CODES = requests.codes
#: Swift will not copy it: too large for one object, not ours to read.
_UNABLE = (
    _CODES.bad_request,
    _CODES.forbidden,
    _CODES.request_entity_too_large,
    _CODES.not_implemented,
)


class SwiftBank(object_store.ObjectStoreBank):
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
        super().__init__(self._make_put)
        self._segments = swift_segments.Segments(self._client)
        address = client.get("swift_endpoint") or client["swift_auth_url"]
        region = client.get("swift_region_name")
        self._location = (
            f"swift://{option_checks.netloc(address)}"
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
    def location(self) -> str:
        """Return host, region and container."""
        return self._location

    def set_up(self) -> None:
        """Create the container if it is missing."""
        answer = self._client.request("PUT")
        if not swift_answers.is_good(answer):
            raise swift_answers.error_of(answer, "PUT of the container")

    def stat(self, key: str) -> base.ObjectInfo:
        """Return what Swift tells of an object."""
        answer = self._client.request("HEAD", object_names.name_of(key))
        if not swift_answers.is_good(answer):
            raise self._failed(answer, key)
        return swift_answers.stat_of(answer, key)

    def copy_from(
        self,
        bank: base.Bank,
        source_key: str,
        key: str,
        *,
        size: int,  # noqa: ARG002 - Swift tells the digest
        serialized: bool,
    ) -> Mapping[str, str] | None:
        """Copy an object of the same account, as the contract says."""
        if not isinstance(bank, SwiftBank) or not self._client.reaches(
            bank._client
        ):
            return None
        answer = self._client.request(
            "PUT",
            object_names.name_of(key),
            headers={
                "Content-Length": "0",
                "X-Copy-From": bank._client.path_of(
                    object_names.name_of(source_key)
                ),
                swift_answers.SERIALIZED: str(serialized),
            },
        )
        if answer.status_code == _CODES.not_found:
            raise bank._failed(answer, source_key)
        if answer.status_code in _UNABLE:
            return None
        if not swift_answers.is_good(answer):
            raise swift_answers.error_of(answer, "PUT of a copy")
        etag = swift_answers.etag_of(answer)
        return {"md5": etag} if etag else {}

    def delete(self, key: str) -> None:
        """Delete an object, if it is there, and its segments after it."""
        name = object_names.name_of(key)
        answer = self._client.request("DELETE", name)
        if not swift_answers.is_good(answer):
            error = self._failed(answer, key)
            if not isinstance(error, exceptions.ObjectNotFound):
                raise error
        self._segments.delete_of(name)

    def delete_leftovers(self, prefix: str, check: Callable[[], None]) -> int:
        """Delete segments of no object, as the contract says."""
        return self._segments.delete_unused(
            object_names.prefix_of(prefix), check
        )

    def _make_put(
        self,
        key: str,
        chunks: Iterable[bytes | memoryview],
        *,
        size: int,
        **options: Any,
    ) -> object_put.ObjectPut:
        kind = (
            swift_large.LargePut
            if size > swift_large.SEGMENT_SIZE
            else swift_put.SwiftPut
        )
        return kind(self._client, key, chunks, size=size, **options)

    @contextlib.contextmanager
    def _get(self, key: str, part: str | None) -> Iterator[base.Reader]:
        name = object_names.name_of(key)
        headers = {} if part is None else {"Range": part}
        with contextlib.closing(
            self._client.request("GET", name, headers=headers, stream=True)
        ) as answer:
            if answer.status_code == _CODES.requested_range_not_satisfiable:
                yield readers.BytesReader(memoryview(b""))
                return
            expected = _CODES.ok if part is None else _CODES.partial_content
            if answer.status_code != expected:
                raise self._failed(answer, key)
            md5 = swift_answers.etag_of(answer) if part is None else None
            size = swift_answers.size_of(answer)
            yield incoming.reader(answer.raw, size, md5)

    def _pages(
        self, listing: object_store.Listing
    ) -> Iterator[list[base.ObjectInfo]]:
        query = {
            "format": "json",
            "limit": str(listing.page),
            "prefix": listing.prefix,
            "marker": listing.start_after,
            "delimiter": listing.delimiter,
        }
        while True:
            answer = self._client.request("GET", query=query)
            if answer.status_code != _CODES.ok:
                raise swift_answers.error_of(answer, "GET of the container")
            page = swift_answers.infos_of(answer)
            # Some pages are shorter than they could be.
            if not page:
                return
            yield page
            query["marker"] = object_names.SLASH + page[-1].key

    def _check_container(self) -> None:
        answer = self._client.request("HEAD")
        if not swift_answers.is_good(answer):
            raise swift_answers.error_of(answer, "HEAD of the container")

    def _failed(
        self, answer: requests.Response, key: str
    ) -> exceptions.BankError:
        """Return the error for an object that could not be had."""
        if answer.status_code != _CODES.not_found:
            return swift_answers.error_of(
                answer, f"{answer.request.method} of an object"
            )
        try:
            self._check_container()
        except exceptions.BankError as away:
            return away
        return exceptions.ObjectNotFound(key=key)
