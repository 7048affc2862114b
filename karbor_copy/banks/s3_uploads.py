# SPDX-License-Identifier: Apache-2.0
"""Uploads in parts that S3 has begun and not ended."""

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from typing import Any

from karbor_copy.banks import s3_answers
from karbor_copy.banks import s3_client

#: The server has no such list, or these keys may not see it.
_UNABLE = (403, 405, 501)


class Unable(Exception):  # noqa: N818 - nothing is wrong
    """S3 does not tell what there is, now or ever."""


@dataclass(frozen=True, slots=True)
class Upload:
    """One of an object; ``parts`` are the ETags of those that are there."""

    name: str
    upload_id: str
    parts: Mapping[int, str] = field(default_factory=dict)

    @property
    def where(self) -> dict[str, str]:
        """Return the arguments that name it in a call."""
        return {"Key": self.name, "UploadId": self.upload_id}


class Uploads:
    """Those of one bucket."""

    def __init__(self, client: s3_client.S3Client) -> None:
        self._client = client

    def find(self, name: str, size: int, part_size: int) -> Upload | None:
        """Return an upload of such an object, in parts of that size.

        That its parts have the right bytes is for the caller to see.

        :raises Unable: S3 does not show uploads, or parts.
        :raises Refused: the server says no.
        :raises BankUnavailable: there is no answer.
        """
        try:
            return self._find(name, size, part_size)
        except s3_client.Refused as error:
            if error.status in _UNABLE:
                raise Unable from error
            raise

    def _find(self, name: str, size: int, part_size: int) -> Upload | None:
        for found in self._listed(name):
            if found.name != name:
                # Names are in order, and others only begin like it.
                break
            try:
                answer = self._client.call("list_parts", **found.where)
            except s3_client.Refused as error:
                # It may just have ended.
                if error.status == s3_answers.NOT_FOUND:
                    continue
                raise
            listed = answer.get("Parts", ())
            if all(
                part["Size"]
                == min(part_size, size - (part["PartNumber"] - 1) * part_size)
                for part in listed
            ):
                etags = {
                    part["PartNumber"]: s3_answers.etag_of(part)
                    for part in listed
                }
                return Upload(name, found.upload_id, etags)
        return None

    def abort(self, upload: Upload) -> None:
        """End one for good, if it is still there.

        :raises BankError: it may still be there.
        """
        try:
            self._client.call("abort_multipart_upload", **upload.where)
        except s3_client.Refused as error:
            if error.status != s3_answers.NOT_FOUND:
                raise error.error from error

    def abort_all(self, prefix: str, check: Callable[[], None]) -> int:
        """End all whose names begin like that; return how many.

        :raises BankError: some may still be there.
        """
        count = 0
        try:
            for upload in self._listed(prefix):
                check()
                self.abort(upload)
                count += 1
        except s3_client.Refused as error:
            if error.status not in _UNABLE:
                raise error.error from error
        return count

    def _listed(self, prefix: str) -> Iterator[Upload]:
        """Yield uploads, in the order of their names."""
        where: dict[str, Any] = {"Prefix": prefix}
        while True:
            page = self._client.call("list_multipart_uploads", **where)
            for upload in page.get("Uploads", ()):
                yield Upload(upload["Key"], upload["UploadId"])
            if not page.get("IsTruncated"):
                return
            where["KeyMarker"] = page["NextKeyMarker"]
            where["UploadIdMarker"] = page["NextUploadIdMarker"]
