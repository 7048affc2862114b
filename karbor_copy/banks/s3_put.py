# SPDX-License-Identifier: Apache-2.0
"""Puts one object into S3, in parts if it is large."""

import base64
import contextlib
import hashlib
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

from karbor_copy import exceptions
from karbor_copy.banks import base
from karbor_copy.banks import object_put
from karbor_copy.banks import s3_answers
from karbor_copy.banks import s3_client

#: Bytes of one part, and of the largest object that is sent in one piece.
PART_SIZE = 8 * 1024 * 1024
#: Parts that every server allows; parts of larger objects are larger.
MAX_PARTS = 1000

_CONDITIONS = {"If-None-Match": "IfNoneMatch"}
_CHECKSUMS = {"sha256": "ChecksumSHA256", "md5": "ContentMD5"}


class S3Put(object_put.ObjectPut):
    """One request with all bytes, or an upload in parts."""

    PIECE = PART_SIZE

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
        super().__init__(
            key, chunks, size=size, expected=digests, serialized=serialized
        )
        self._client = client
        self._headers = {
            "Key": self._name,
            "ContentType": "application/octet-stream",
            "Metadata": {s3_answers.SERIALIZED: str(serialized)},
        }

    def _send(self, condition: Mapping[str, str]) -> str:
        only_if = {_CONDITIONS[k]: value for k, value in condition.items()}
        gathered = self._gather()
        with _errors():
            if gathered is None:
                return self._send_parts(only_if)
            checksums = {
                _CHECKSUMS[algorithm]: _base64(value)
                for algorithm, value in self._out.digests.items()
            }
            return s3_answers.etag_of(
                self._client.call(
                    "put_object",
                    **self._headers,
                    **only_if,
                    **checksums,
                    Body=gathered,
                )
            )

    def _send_parts(self, only_if: Mapping[str, str]) -> str:
        upload = self._client.call("create_multipart_upload", **self._headers)
        where = {"Key": self._name, "UploadId": upload["UploadId"]}
        try:
            parts = self._upload_parts(where)
            return s3_answers.etag_of(
                self._client.call(
                    "complete_multipart_upload",
                    **where,
                    **only_if,
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

    def _etag_there(self) -> str | None:
        try:
            answer = self._client.call("head_object", Key=self._name)
        except s3_client.Refused as error:
            if error.status == s3_answers.NOT_FOUND:
                return None
            raise error.error from error
        return s3_answers.etag_of(answer)

    def _is_there(self) -> bool | None:
        try:
            answer = self._client.call("get_object", Key=self._name)
        except s3_client.Refused as error:
            if error.code == s3_answers.NO_KEY:
                return None
            raise error.error from error
        sha256 = hashlib.sha256()
        with contextlib.closing(s3_client.Body(answer["Body"])) as body:
            while data := body.read(base.BLOCK_SIZE):
                sha256.update(data)
        return sha256.hexdigest() == self._out.digests["sha256"]


@contextlib.contextmanager
def _errors() -> Iterator[None]:
    """Turn what the server refuses into an error of the bank."""
    try:
        yield
    except s3_client.Refused as error:
        if error.status == s3_answers.PRECONDITION_FAILED:
            raise object_put.Taken from error
        raise error.error from error


def _base64(digest: str) -> str:
    return base64.b64encode(bytes.fromhex(digest)).decode()
