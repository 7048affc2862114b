# SPDX-License-Identifier: Apache-2.0
"""Puts one object into S3, in parts if it is large."""

import base64
import contextlib
import hashlib
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

from karbor_copy import exceptions
from karbor_copy.banks import base
from karbor_copy.banks import object_names
from karbor_copy.banks import outgoing
from karbor_copy.banks import s3_answers
from karbor_copy.banks import s3_client

#: Bytes of one part, and of the largest object that is sent in one piece.
PART_SIZE = 8 * 1024 * 1024
#: Parts that every server allows; parts of larger objects are larger.
MAX_PARTS = 1000
#: So often an object may come and go while one is put in its place.
_TURNS = 10


class S3Put:
    """One put of one object."""

    def __init__(
        self,
        client: s3_client.S3Client,
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
        self._small = size <= PART_SIZE
        self._serialized = serialized
        self._headers = {
            "Key": self._name,
            "ContentType": "application/octet-stream",
            "Metadata": {s3_answers.SERIALIZED: str(serialized)},
        }
        self._out = outgoing.Outgoing(key, chunks, size=size, expected=digests)

    def put(self) -> base.ObjectInfo:
        """Store the object, in the place of any other."""
        with _errors():
            self._sender()({})
        return self._info()

    def put_new(self) -> base.ObjectInfo:
        """Store the object unless another one is there.

        :raises ObjectExists: another one is there.
        """
        with _errors():
            return self._put_new()

    def _put_new(self) -> base.ObjectInfo:
        send = self._sender()
        for _ in range(_TURNS):
            # A large one is not sent to a place that is taken.
            if self._small or self._etag() is None:
                with contextlib.suppress(_TakenError):
                    return self._stayed(send({"IfNoneMatch": "*"}))
            if not self._out.digests:
                self._out.drain()
            if (there := self._sha256_there()) is not None:
                if there != self._out.digests["sha256"]:
                    raise exceptions.ObjectExists(key=self._key)
                return self._info()
            if not self._small and not self._out.repeatable:
                break
        raise exceptions.BankUnavailable(
            reason=f"object {self._key} comes and goes"
        )

    def _sender(self) -> Callable[[Mapping[str, str]], str]:
        """Return what sends the object on a condition; it returns the ETag.

        It raises _TakenError if the condition does not hold.
        """
        if not self._small:
            return self._send_parts
        data = self._out.gather()

        def send(condition: Mapping[str, str]) -> str:
            with _condition():
                return _etag_of(
                    self._client.call(
                        "put_object",
                        **self._headers,
                        **condition,
                        **self._checksums(),
                        Body=data,
                    )
                )

        return send

    def _checksums(self) -> dict[str, str]:
        names = {"sha256": "ChecksumSHA256", "md5": "ContentMD5"}
        return {
            names[algorithm]: _base64(value)
            for algorithm, value in self._out.digests.items()
        }

    def _send_parts(self, condition: Mapping[str, str]) -> str:
        upload = self._client.call("create_multipart_upload", **self._headers)
        where = {"Key": self._name, "UploadId": upload["UploadId"]}
        try:
            parts = self._upload_parts(where)
            with _condition():
                return _etag_of(
                    self._client.call(
                        "complete_multipart_upload",
                        **where,
                        **condition,
                        MultipartUpload={"Parts": parts},
                    )
                )
        except BaseException:
            # What is left of it costs room, but is no object.
            with contextlib.suppress(exceptions.BankError, s3_client.Refused):
                self._client.call("abort_multipart_upload", **where)
            raise

    def _upload_parts(self, where: Mapping[str, str]) -> list[dict[str, Any]]:
        size = max(PART_SIZE, -(-self._size // MAX_PARTS))
        parts = []
        for number, data in enumerate(self._out.parts(size), start=1):
            answer = self._client.call(
                "upload_part", **where, PartNumber=number, Body=data
            )
            parts.append({"PartNumber": number, "ETag": answer["ETag"]})
        return parts

    def _stayed(self, etag: str) -> base.ObjectInfo:
        """Return the object if no later one has taken its place."""
        # Some servers don't tell the ETag of what was put in parts.
        if etag and self._etag() not in (None, etag):
            raise exceptions.ObjectExists(key=self._key)
        return self._info()

    def _etag(self) -> str | None:
        """Return what the object there has, None if there is none."""
        try:
            return _etag_of(self._client.call("head_object", Key=self._name))
        except s3_client.Refused as error:
            if error.status == s3_answers.NOT_FOUND:
                return None
            raise

    def _sha256_there(self) -> str | None:
        """Return the digest of the object there, None if there is none."""
        try:
            answer = self._client.call("get_object", Key=self._name)
        except s3_client.Refused as error:
            if error.code == s3_answers.NO_KEY:
                return None
            raise
        sha256 = hashlib.sha256()
        with contextlib.closing(s3_client.Body(answer["Body"])) as body:
            while data := body.read(base.BLOCK_SIZE):
                sha256.update(data)
        return sha256.hexdigest()

    def _info(self) -> base.ObjectInfo:
        return base.ObjectInfo(
            key=self._key,
            size=self._size,
            digests=dict(self._out.digests),
            serialized=self._serialized,
        )


class _TakenError(Exception):
    """Another object is there."""


@contextlib.contextmanager
def _condition() -> Iterator[None]:
    try:
        yield
    except s3_client.Refused as error:
        if error.status == s3_answers.PRECONDITION_FAILED:
            raise _TakenError from error
        raise


@contextlib.contextmanager
def _errors() -> Iterator[None]:
    """Turn what the server refuses into an error of the bank."""
    try:
        yield
    except s3_client.Refused as error:
        raise error.error from error


def _etag_of(answer: Mapping[str, Any]) -> str:
    return str(answer.get("ETag", "")).strip('"')


def _base64(digest: str) -> str:
    return base64.b64encode(bytes.fromhex(digest)).decode()
