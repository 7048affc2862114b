# SPDX-License-Identifier: Apache-2.0
"""Puts one object into Swift that is too large for a single PUT.

It becomes a static large object: segments, and a manifest that Swift checks
against them. Where the source can be read again and its SHA-256 is known,
the segments' names hold the digest, and a put that was cut off is gone on
with; what is there under such a name is only replaced by other bytes when
all bytes have been seen to be right.
"""

import contextlib
import hashlib
import json
import uuid
from collections.abc import Iterable
from collections.abc import Mapping

import requests

from karbor_copy import exceptions
from karbor_copy.banks import object_put
from karbor_copy.banks import outgoing
from karbor_copy.banks import swift_answers
from karbor_copy.banks import swift_client
from karbor_copy.banks import swift_put
from karbor_copy.banks import swift_segments

#: Bytes of one segment, and of the largest object that has none; Swift
#: takes 5 GiB in one PUT.
SEGMENT_SIZE = 1024 * 1024 * 1024
#: Segments that Swift allows; those of larger objects are larger.
MAX_SEGMENTS = 1000

_CODES = requests.codes


class LargePut(swift_put.AnyPut):
    """A PUT for each segment, and one for the manifest."""

    PIECE = 0

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
        super().__init__(
            key, chunks, size=size, expected=digests, serialized=serialized
        )
        self._client = client
        self._segments = swift_segments.Segments(client)
        self._segment_size = max(SEGMENT_SIZE, -(-size // MAX_SEGMENTS))
        content = uuid.uuid4().hex
        if self._resumable and digests is not None:
            content = digests["sha256"]
        self._prefix = swift_segments.prefix_of(
            self._name, f"{content}-{self._segment_size}"
        )

    def _send(self, condition: Mapping[str, str]) -> str:
        try:
            md5s = self._send_segments()
            before = self._segments.used_by(self._name)
        except BaseException:
            if not self._resumable:
                self._forget(self._names())
            raise
        try:
            etag = self._join(md5s, condition)
        except object_put.Taken:
            there = self._segments.used_by(self._name)
            self._forget(self._names() - before - there)
            raise
        self._forget(before - self._names())
        return etag

    def _send_segments(self) -> dict[int, str]:
        """See that all segments are there; return their MD5s by number."""
        md5s: dict[int, str] = {}
        wrong = set()
        self._kept = 0
        for number, piece in self._pieces():
            there = self._there(number, piece) if self._resumable else None
            if there is None:
                # A name with a digest in it may be another worker's too.
                self._send_segment(number, piece, {"If-None-Match": "*"})
            else:
                with self._out.unsent():
                    piece.drain()
                if there == piece.md5:
                    self._kept += len(piece)
                else:
                    wrong.add(number)
            md5s[number] = str(piece.md5)
        if wrong:
            # All of the source is right, so Swift has wrong bytes there.
            for number, piece in self._pieces():
                if number in wrong:
                    self._send_segment(number, piece, {"ETag": md5s[number]})
                else:
                    piece.drain()
        return md5s

    def _pieces(self) -> Iterable[tuple[int, outgoing.Piece]]:
        return enumerate(self._out.pieces(self._segment_size), start=1)

    def _name_of(self, number: int) -> str:
        return f"{self._prefix}{number:08}"

    def _names(self) -> set[str]:
        count = -(-self._size // self._segment_size)
        return {self._name_of(number) for number in range(1, count + 1)}

    def _there(self, number: int, piece: outgoing.Piece) -> str | None:
        """Return the MD5 of the segment there, "" for one that can't be it.

        None if there is none.
        """
        answer = self._client.request("HEAD", self._name_of(number))
        if answer.status_code == _CODES.not_found:
            return None
        if not swift_answers.is_good(answer):
            raise swift_answers.error_of(answer, "HEAD of a segment")
        if swift_answers.size_of(answer) != len(piece):
            return ""
        return swift_answers.etag_of(answer) or ""

    def _send_segment(
        self, number: int, piece: outgoing.Piece, condition: Mapping[str, str]
    ) -> None:
        """Send one, and see that Swift has what was sent.

        :raises BankUnavailable: it has not, or someone else sends it.
        """
        answer = self._send_body(
            "PUT",
            self._name_of(number),
            headers={"Content-Type": "application/octet-stream", **condition},
            body=piece,
        )
        changed = answer.status_code in (
            _CODES.precondition_failed,
            _CODES.unprocessable_entity,
        )
        if not changed and not swift_answers.is_good(answer):
            raise swift_answers.error_of(answer, "PUT of a segment")
        if piece.md5 is None:
            raise exceptions.BankUnavailable(
                reason="a PUT was answered before all of it was sent"
            )
        if changed or swift_answers.etag_of(answer) not in (None, piece.md5):
            raise exceptions.BankUnavailable(
                reason=f"a segment of object {self._key} is another at Swift"
            )
        self._sent += len(piece)

    def _join(
        self, md5s: Mapping[int, str], condition: Mapping[str, str]
    ) -> str:
        """Make the object of its segments; return its ETag.

        :raises Taken: another object is there.
        :raises BankUnavailable: a segment is gone, or changed.
        """
        left = self._size
        manifest = []
        for number, md5 in md5s.items():
            size = min(left, self._segment_size)
            path = f"/{self._client.container}/{self._name_of(number)}"
            manifest.append({"path": path, "etag": md5, "size_bytes": size})
            left -= size
        sums = "".join(md5s.values())
        etag = hashlib.md5(sums.encode(), usedforsecurity=False).hexdigest()
        answer = self._client.request(
            "PUT",
            self._name,
            query={"multipart-manifest": "put"},
            # A Swift that makes no large objects refuses this ETag.
            headers={**self._headers, "ETag": etag, **condition},
            body=json.dumps(manifest).encode(),
        )
        if answer.status_code == _CODES.precondition_failed:
            raise object_put.Taken
        if answer.status_code == _CODES.unprocessable_entity:
            raise exceptions.BankRejected(
                reason="Swift does not make static large objects"
            )
        if answer.status_code == _CODES.bad_request:
            raise exceptions.BankUnavailable(
                reason=f"a segment of object {self._key} is gone from Swift"
            )
        if not swift_answers.is_good(answer):
            raise swift_answers.error_of(answer, "PUT of a manifest")
        return etag

    def _forget(self, names: set[str]) -> None:
        """Delete segments; what stays is a leftover."""
        with contextlib.suppress(exceptions.BankError):
            self._segments.delete(sorted(names))
