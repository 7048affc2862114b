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
from karbor_copy.banks import incoming
from karbor_copy.banks import object_names
from karbor_copy.banks import object_put
from karbor_copy.banks import s3_answers
from karbor_copy.banks import s3_client
from karbor_copy.banks import s3_uploads

#: Bytes of one part, and of the largest object that is sent in one piece.
PART_SIZE = 8 * 1024 * 1024
#: Parts that every server allows; parts of larger objects are larger.
MAX_PARTS = 1000

_CONDITIONS = {"If-None-Match": "IfNoneMatch"}
_CHECKSUMS = {"sha256": "ChecksumSHA256", "md5": "ContentMD5"}


def head_of(key: str, *, serialized: bool) -> dict[str, Any]:
    """Return what every object is stored with beside its bytes."""
    return {
        "Key": object_names.name_of(key),
        "ContentType": "application/octet-stream",
        "Metadata": {s3_answers.SERIALIZED: str(serialized)},
    }


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
        self._headers = head_of(key, serialized=serialized)

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
        size = max(PART_SIZE, -(-self._size // MAX_PARTS))
        uploads = s3_uploads.Uploads(self._client)
        found = None
        if self._resumable:
            try:
                found = uploads.find(self._name, self._size, size)
            except s3_uploads.Unable:
                # The next put would not find what this one leaves.
                self._resumable = False
        upload = found or s3_uploads.Upload(
            self._name,
            self._client.call("create_multipart_upload", **self._headers)[
                "UploadId"
            ],
        )
        try:
            etag = s3_answers.etag_of(
                self._client.call(
                    "complete_multipart_upload",
                    **upload.where,
                    **only_if,
                    MultipartUpload={"Parts": self._parts(upload, size)},
                )
            )
        except BaseException as error:
            # What is left of it costs room, but is no object.
            if not self._resumable or _is_taken(error):
                with contextlib.suppress(exceptions.BankError):
                    uploads.abort(upload)
            raise
        if found:
            self._check_mark()
        return etag

    def _parts(
        self, upload: s3_uploads.Upload, size: int
    ) -> list[dict[str, Any]]:
        """Send the parts that are not there; return all of them."""
        parts = []
        self._kept = 0
        read = self._out.parts(size, upload.parts)
        for number, data in enumerate(read, start=1):
            etag = upload.parts.get(number)
            if etag is not None and etag == _md5(data):
                self._kept += len(data)
            else:
                answer = self._client.call(
                    "upload_part",
                    **upload.where,
                    PartNumber=number,
                    Body=data,
                )
                etag = answer["ETag"]
                # Else the next put can't keep it.
                if self._sent or s3_answers.etag_of(answer) == _md5(data):
                    self._sent += len(data)
            parts.append({"PartNumber": number, "ETag": etag})
        return parts

    def _check_mark(self) -> None:
        """See that an upload which another put began has the right mark."""
        try:
            answer = self._client.call("head_object", Key=self._name)
            if answer.get("Metadata") == self._headers["Metadata"]:
                return
            self._client.call("delete_object", Key=self._name)
        except s3_client.Refused as error:
            raise error.error from error
        raise exceptions.BankUnavailable(
            reason=f"object {self._key} was marked as another"
        )

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
        size = s3_answers.size_of(answer)
        with contextlib.closing(s3_client.Body(answer["Body"])) as body:
            return self._is_same(incoming.StreamReader(body, size))


@contextlib.contextmanager
def _errors() -> Iterator[None]:
    """Turn what the server refuses into an error of the bank."""
    try:
        yield
    except s3_client.Refused as error:
        if _is_taken(error):
            raise object_put.Taken from error
        raise error.error from error


def _is_taken(error: BaseException) -> bool:
    return (
        isinstance(error, s3_client.Refused)
        and error.status == s3_answers.PRECONDITION_FAILED
    )


def _md5(data: bytearray) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _base64(digest: str) -> str:
    return base64.b64encode(bytes.fromhex(digest)).decode()
