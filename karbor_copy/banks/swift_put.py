# SPDX-License-Identifier: Apache-2.0
"""Puts one object into Swift, with proof that it has got there."""

import contextlib
from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import replace

import requests

from karbor_copy import exceptions
from karbor_copy.banks import base
from karbor_copy.banks import incoming
from karbor_copy.banks import object_put
from karbor_copy.banks import outgoing
from karbor_copy.banks import swift_answers
from karbor_copy.banks import swift_client

_CODES = requests.codes
Body = swift_client.Body


class AnyPut(object_put.ObjectPut):
    """What the puts of all sizes have in common."""

    _client: swift_client.SwiftClient
    _known_md5: str | None = None

    @property
    def _headers(self) -> dict[str, str]:
        return {
            "Content-Type": "application/octet-stream",
            swift_answers.SERIALIZED: str(self._serialized),
        }

    def _head(self) -> requests.Response | None:
        """Return what Swift tells of the object there, None without one."""
        answer = self._client.request("HEAD", self._name)
        if answer.status_code == _CODES.not_found:
            return None
        if not swift_answers.is_good(answer):
            raise swift_answers.error_of(answer, "HEAD of an object")
        return answer

    def _etag_there(self) -> str | None:
        answer = self._head()
        return None if answer is None else swift_answers.raw_etag_of(answer)

    def _is_there(self) -> bool | None:
        answer = self._head()
        if answer is None:
            return None
        if swift_answers.size_of(answer) != self._size:
            return False
        theirs = swift_answers.etag_of(answer)
        ours = self._known_md5 or self._out.digests.get("md5")
        if theirs and ours:
            return theirs == ours
        # One of them is large: it has no MD5 of the whole.
        with contextlib.closing(
            self._client.request("GET", self._name, stream=True)
        ) as answer:
            if answer.status_code == _CODES.not_found:
                return None
            if not swift_answers.is_good(answer):
                raise swift_answers.error_of(answer, "GET of an object")
            size = swift_answers.size_of(answer)
            return self._is_same(incoming.StreamReader(answer.raw, size))

    def _send_body(
        self, *arguments: str, headers: Mapping[str, str], body: Body
    ) -> requests.Response:
        """Return the answer to a request that sends some of the bytes."""
        try:
            return self._client.request(*arguments, headers=headers, body=body)
        except exceptions.BankError:
            if self._out.error is not None:
                # The source broke; for the client it was the connection.
                raise self._out.error from None
            raise


class SwiftPut(AnyPut):
    """One PUT, with the MD5 ahead of the bytes where it is known."""

    PIECE = outgoing.SMALL_SIZE

    def __init__(
        self,
        client: swift_client.SwiftClient,
        key: str,
        chunks: Iterable[bytes | memoryview],
        *,
        size: int,
        digests: Mapping[str, str] | None,
        serialized: bool,
    ) -> None:
        expected = dict(digests or {})
        # Of a small object it is checked before anything is sent; of a
        # large one Swift computes it anyway, and once is enough.
        known = None if size <= self.PIECE else expected.pop("md5", None)
        super().__init__(
            key,
            chunks,
            size=size,
            expected=expected,
            serialized=serialized,
            algorithms=() if known else ("md5",),
        )
        self._client = client
        self._known_md5 = known

    @property
    def _md5(self) -> str:
        return self._known_md5 or self._out.digests["md5"]

    def _send(self, condition: Mapping[str, str]) -> str:
        gathered = self._gather()
        headers = {**self._headers, **condition}
        if gathered is not None or self._known_md5:
            headers["ETag"] = self._md5
        if not self._size:
            headers["Content-Length"] = "0"
        body = self._out if gathered is None else bytes(gathered)
        self._check(
            self._send_body("PUT", self._name, headers=headers, body=body)
        )
        return self._md5

    def _check(self, answer: requests.Response) -> None:
        """See that Swift has what was sent.

        :raises Taken: it has another object, and did not want this one.
        :raises DigestMismatch: the bytes are not those that were promised.
        :raises BankUnavailable: they changed on their way.
        """
        if answer.status_code == _CODES.precondition_failed:
            raise object_put.Taken
        if answer.status_code == _CODES.unprocessable_entity:
            raise self._changed()
        if not swift_answers.is_good(answer):
            raise swift_answers.error_of(answer, "PUT of an object")
        if not self._out.digests:
            raise exceptions.BankUnavailable(
                reason="a PUT was answered before all of it was sent"
            )
        if swift_answers.etag_of(answer) not in (None, self._md5):
            self._client.request("DELETE", self._name)
            raise self._changed()

    def _changed(self) -> exceptions.BankError:
        """Return the error for bytes whose MD5 is another at Swift's."""
        if self._known_md5:
            # It was not computed here: perhaps the source has other bytes.
            return exceptions.DigestMismatch(
                key=self._key, actual="another MD5", expected=self._known_md5
            )
        return exceptions.BankUnavailable(
            reason=f"object {self._key} changed on its way to Swift"
        )

    def _info(self) -> base.ObjectInfo:
        info = super()._info()
        return replace(info, digests={**info.digests, "md5": self._md5})
