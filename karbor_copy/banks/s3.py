# SPDX-License-Identifier: Apache-2.0
"""The S3 bank: objects of one bucket, in Karbor's layout.

Everything is digested before it is sent, part by part, and the signature
holds the SHA-256, so the server refuses what changed on its way.
"""

import contextlib
import functools
import io
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

from karbor_copy import exceptions
from karbor_copy.banks import base
from karbor_copy.banks import incoming
from karbor_copy.banks import object_names
from karbor_copy.banks import object_store
from karbor_copy.banks import option_checks
from karbor_copy.banks import s3_answers
from karbor_copy.banks import s3_client
from karbor_copy.banks import s3_options
from karbor_copy.banks import s3_put
from karbor_copy.banks import s3_uploads

#: The only region that is not named when a bucket is made there.
_UNNAMED_REGION = "us-east-1"
#: S3 will not copy it: too large for one request, not ours to read, no such
#: thing here.
_UNABLE = (400, 403, 405, 501)


class S3Bank(object_store.ObjectStoreBank):
    """A bucket of S3."""

    OPTS = s3_options.S3_OPTS
    GROUP = "s3_bank_plugin"
    CLIENT_OPTS = s3_options.CLIENT_OPTS
    CLIENT_GROUP = "s3_client"

    def __init__(
        self, *, bank_s3_object_bucket: str = "karbor", **client: Any
    ) -> None:
        """Take the options, those of the client as in ``CLIENT_OPTS``."""
        self._client = s3_client.S3Client(bank_s3_object_bucket, client)
        super().__init__(functools.partial(s3_put.S3Put, self._client))
        self._region = client.get("s3_region_name") or _UNNAMED_REGION
        endpoint = client.get("s3_endpoint")
        host = option_checks.netloc(endpoint) if endpoint else "aws"
        self._location = f"s3://{host}/{self._region}/{bank_s3_object_bucket}"

    @classmethod
    def check_options(cls, options: Mapping[str, Any]) -> None:
        """Refuse an endpoint or region that is none.

        :raises InvalidOption: naming it.
        """
        s3_options.check(options)

    @property
    def location(self) -> str:
        """Return host, region and bucket."""
        return self._location

    def set_up(self) -> None:
        """Create the bucket if it is missing."""
        try:
            self._client.call("head_bucket")
        except s3_client.Refused as error:
            if error.status != s3_answers.NOT_FOUND:
                raise error.error from error
        else:
            return
        where: dict[str, Any] = {}
        if self._region != _UNNAMED_REGION:
            constraint = {"LocationConstraint": self._region}
            where = {"CreateBucketConfiguration": constraint}
        try:
            self._client.call("create_bucket", **where)
        except s3_client.Refused as error:
            if error.code != "BucketAlreadyOwnedByYou":
                raise error.error from error

    def stat(self, key: str) -> base.ObjectInfo:
        """Return what S3 tells of an object."""
        name = object_names.name_of(key)
        try:
            answer = self._client.call(
                "head_object", Key=name, ChecksumMode="ENABLED"
            )
        except s3_client.Refused as error:
            raise self._error(error, key) from error
        return s3_answers.stat_of(answer, key)

    def copy_from(
        self,
        bank: base.Bank,
        source_key: str,
        key: str,
        *,
        size: int,  # noqa: ARG002 - S3 tells the digest
        serialized: bool,
    ) -> Mapping[str, str] | None:
        """Copy an object of the same endpoint, as the contract says."""
        if not isinstance(bank, S3Bank) or not self._client.reaches(
            bank._client
        ):
            return None
        try:
            answer = self._client.call(
                "copy_object",
                CopySource=bank._client.source_of(
                    object_names.name_of(source_key)
                ),
                **s3_put.head_of(key, serialized=serialized),
                MetadataDirective="REPLACE",
            )
        except s3_client.Refused as error:
            if error.code == s3_answers.NO_KEY:
                raise exceptions.ObjectNotFound(key=source_key) from error
            if error.status in _UNABLE:
                return None
            raise error.error from error
        md5 = s3_answers.md5_of(
            {**answer, **answer.get("CopyObjectResult", {})}
        )
        return {"md5": md5} if md5 else {}

    def delete(self, key: str) -> None:
        """Delete an object, if it is there."""
        name = object_names.name_of(key)
        try:
            self._client.call("delete_object", Key=name)
        except s3_client.Refused as error:
            ours = self._error(error, key)
            if not isinstance(ours, exceptions.ObjectNotFound):
                raise ours from error

    def delete_leftovers(self, prefix: str, check: Callable[[], None]) -> int:
        """End uploads that nobody goes on with, as the contract says."""
        return s3_uploads.Uploads(self._client).abort_all(
            object_names.prefix_of(prefix), check
        )

    @contextlib.contextmanager
    def _get(self, key: str, part: str | None) -> Iterator[base.Reader]:
        name = object_names.name_of(key)
        where = {} if part is None else {"Range": part}
        try:
            answer = self._client.call("get_object", Key=name, **where)
        except s3_client.Refused as error:
            if error.status != s3_answers.RANGE_NOT_SATISFIABLE:
                raise self._error(error, key) from error
            answer = {"Body": io.BytesIO(), "ContentLength": 0}
        md5 = s3_answers.md5_of(answer) if part is None else None
        with contextlib.closing(s3_client.Body(answer["Body"])) as body:
            yield incoming.reader(body, s3_answers.size_of(answer), md5)

    def _pages(
        self, listing: object_store.Listing
    ) -> Iterator[list[base.ObjectInfo]]:
        query = {
            "Prefix": listing.prefix,
            "MaxKeys": listing.page,
            "StartAfter": listing.start_after,
            "Delimiter": listing.delimiter,
        }
        query = {name: value for name, value in query.items() if value}
        while True:
            try:
                page = self._client.call("list_objects_v2", **query)
            except s3_client.Refused as error:
                raise error.error from error
            yield s3_answers.infos_of(page)
            if not page.get("IsTruncated"):
                return
            query["ContinuationToken"] = page["NextContinuationToken"]

    def _error(
        self, error: s3_client.Refused, key: str
    ) -> exceptions.BankError:
        """Return the error for an object that could not be had."""
        if error.code == s3_answers.NO_KEY:
            return exceptions.ObjectNotFound(key=key)
        if error.status != s3_answers.NOT_FOUND:
            return error.error
        try:
            self._check_container()
        except exceptions.BankError as away:
            return away
        return exceptions.ObjectNotFound(key=key)

    def _check_container(self) -> None:
        """See that the bucket is there.

        :raises BankUnavailable: it is not.
        """
        try:
            self._client.call("head_bucket")
        except s3_client.Refused as error:
            if error.status == s3_answers.NOT_FOUND:
                raise exceptions.BankUnavailable(
                    reason="no such bucket"
                ) from error
            raise error.error from error
