# SPDX-License-Identifier: Apache-2.0
"""Puts one object into Swift, with proof that it has got there."""

from collections.abc import Iterable
from collections.abc import Mapping

import requests

from karbor_copy import exceptions
from karbor_copy.banks import base
from karbor_copy.banks import object_names
from karbor_copy.banks import outgoing
from karbor_copy.banks import swift_answers
from karbor_copy.banks import swift_client

#: So often an object may come and go while one is put in its place.
_TURNS = 10
_CODES = requests.codes


class SwiftPut:
    """One put of one object."""

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
        self._client = client
        self._key = key
        self._name = object_names.name_of(key)
        self._size = size
        self._small = size <= outgoing.SMALL_SIZE
        self._serialized = serialized
        expected = dict(digests or {})
        # Of a small object it is checked before anything is sent; of a
        # large one Swift computes it anyway, and once is enough.
        self._sent_md5 = None if self._small else expected.pop("md5", None)
        self._out = outgoing.Outgoing(
            key,
            chunks,
            size=size,
            expected=expected,
            algorithms=() if self._sent_md5 else ("md5",),
        )

    def put(self) -> base.ObjectInfo:
        """Store the object, in the place of any other."""
        self._check(self._send(self._body(), {}))
        return self._info()

    def put_new(self) -> base.ObjectInfo:
        """Store the object unless another one is there.

        :raises ObjectExists: another one is there.
        """
        body = self._body()
        for _ in range(_TURNS):
            # An answer in the middle of a long PUT may be lost: so it is
            # not begun where another object is known to be.
            if self._small or self._etag() is None:
                answer = self._send(body, {"If-None-Match": "*"})
                if answer.status_code != _CODES.precondition_failed:
                    self._check(answer)
                    return self._stayed()
            if not self._out.digests:
                self._out.drain()
            if (etag := self._etag()) == self._md5:
                return self._info()
            if etag is not None:
                raise exceptions.ObjectExists(key=self._key)
            if not self._small and not self._out.repeatable:
                break
        raise exceptions.BankUnavailable(
            reason=f"object {self._key} comes and goes"
        )

    @property
    def _md5(self) -> str:
        return self._sent_md5 or self._out.digests["md5"]

    def _body(self) -> swift_client.Body:
        return bytes(self._out.gather()) if self._small else self._out

    def _send(
        self, body: swift_client.Body, conditions: Mapping[str, str]
    ) -> requests.Response:
        headers = {
            "Content-Type": "application/octet-stream",
            swift_answers.SERIALIZED: str(self._serialized),
            **conditions,
        }
        if self._small or self._sent_md5:
            headers["ETag"] = self._md5
        if not self._size:
            headers["Content-Length"] = "0"
        try:
            return self._client.request(
                "PUT", self._name, headers=headers, body=body
            )
        except exceptions.BankError:
            if self._out.error is not None:
                # The source broke; for the client it was the connection.
                raise self._out.error from None
            raise

    def _check(self, answer: requests.Response) -> None:
        """See that Swift has what was sent.

        :raises DigestMismatch: the bytes are not those that were promised.
        :raises BankUnavailable: they changed on their way.
        """
        if answer.status_code == _CODES.unprocessable_entity:
            if self._small:
                raise exceptions.BankUnavailable(
                    reason=f"object {self._key} changed on its way to Swift"
                )
            raise exceptions.DigestMismatch(
                key=self._key, actual="another MD5", expected=self._md5
            )
        if not swift_answers.is_good(answer):
            raise swift_answers.error_of(answer, "PUT of an object")
        if not self._out.digests:
            raise exceptions.BankUnavailable(
                reason="a PUT was answered before all of it was sent"
            )
        if swift_answers.etag_of(answer) not in (None, self._md5):
            self._client.request("DELETE", self._name)
            raise exceptions.BankUnavailable(
                reason=f"object {self._key} changed on its way to Swift"
            )

    def _stayed(self) -> base.ObjectInfo:
        """Return the object if no later PUT has taken its place."""
        if self._etag() not in (None, self._md5):
            raise exceptions.ObjectExists(key=self._key)
        return self._info()

    def _etag(self) -> str | None:
        """Return what the object there has, None if there is none."""
        answer = self._client.request("HEAD", self._name)
        if answer.status_code == _CODES.not_found:
            return None
        if not swift_answers.is_good(answer):
            raise swift_answers.error_of(answer, "HEAD of an object")
        return swift_answers.etag_of(answer) or ""

    def _info(self) -> base.ObjectInfo:
        return base.ObjectInfo(
            key=self._key,
            size=self._size,
            digests={**self._out.digests, "md5": self._md5},
            serialized=self._serialized,
        )
