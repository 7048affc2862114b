# SPDX-License-Identifier: Apache-2.0
"""Requests to one bucket of S3, through botocore."""

import logging
import os
from collections.abc import Mapping
from typing import Any

import botocore.config
import botocore.exceptions
import botocore.session

from karbor_copy import exceptions
from karbor_copy.banks import answers

#: Seconds without a byte, for connecting and then for each read.
CONNECT_TIMEOUT = 10
READ_TIMEOUT = 60
#: More than the threads of all operations have in use at a time.
POOL_SIZE = 64
#: Errors that pass though their status does not say so: a time-out, bytes
#: that were right here and wrong there, an upload that someone ended.
_TRANSIENT = frozenset(
    {
        "BadDigest",
        "IncompleteBody",
        "InternalError",
        "InvalidDigest",
        "NoSuchUpload",
        "OperationAborted",
        "RequestTimeout",
        "SlowDown",
        "XAmzContentChecksumMismatch",
        "XAmzContentSHA256Mismatch",
    }
)


class Refused(Exception):  # noqa: N818 - an answer, and no error of the bank
    """An answer that its caller may have expected.

    ``code`` is that of S3, ``status`` that of HTTP; ``error`` is what to
    raise if it was not expected.
    """

    def __init__(
        self, code: str, status: int, error: exceptions.BankError
    ) -> None:
        super().__init__(code)
        self.code = code
        self.status = status
        self.error = error


class S3Client:
    """One bucket's; safe for threads, which share its connections."""

    def __init__(self, bucket: str, values: Mapping[str, Any]) -> None:
        """Take a bank's options, which were checked."""
        # At DEBUG botocore logs bodies, access keys and signatures.
        logging.getLogger("botocore").setLevel(logging.INFO)
        self._bucket = bucket
        self._place = [
            values.get(name)
            for name in ("s3_endpoint", "s3_region_name", "s3_access_key")
        ]
        session = botocore.session.Session()
        # What stands in a user's own files is not meant for this bank.
        session.set_config_variable("config_file", os.devnull)
        session.set_config_variable("credentials_file", os.devnull)
        self._client = session.create_client(
            "s3",
            region_name=values.get("s3_region_name") or "us-east-1",
            endpoint_url=values.get("s3_endpoint") or None,
            aws_access_key_id=values["s3_access_key"],
            aws_secret_access_key=values["s3_secret_key"],
            verify=values.get("s3_ca_cert_file") or True,
            config=_config(values.get("s3_addressing_style") or "path"),
        )

    def reaches(self, other: "S3Client") -> bool:
        """Tell whether the other's bucket is the same user's, and near."""
        return self is other or self._place == other._place

    def source_of(self, name: str) -> dict[str, str]:
        """Return what names an object to the server that shall copy it."""
        return {"Bucket": self._bucket, "Key": name}

    def call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """Return the answer to an operation of S3, such as ``get_object``.

        :raises Refused: the server says no.
        :raises BankUnavailable: there is no answer.
        """
        what = f"S3: {operation}"
        try:
            answer: dict[str, Any] = getattr(self._client, operation)(
                Bucket=self._bucket, **arguments
            )
        except botocore.exceptions.ClientError as error:
            raise _refused(error, what) from error
        except botocore.exceptions.BotoCoreError as error:
            raise _failed(error, what) from error
        return answer


class Body:
    """The body of an answer, whose errors are ours."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def read(self, amount: int, /) -> bytes:
        """Return so many bytes at most, none at the end.

        :raises BankUnavailable: the stream broke.
        """
        try:
            data: bytes = self._stream.read(amount)
        except botocore.exceptions.BotoCoreError as error:
            raise _failed(error, "S3: an answer") from error
        return data

    def close(self) -> None:
        """Let go of the connection."""
        self._stream.close()


def _config(addressing_style: str) -> botocore.config.Config:
    return botocore.config.Config(
        signature_version="s3v4",
        connect_timeout=CONNECT_TIMEOUT,
        read_timeout=READ_TIMEOUT,
        max_pool_connections=POOL_SIZE,
        tcp_keepalive=True,
        # Those who call know when and how long to try again.
        retries={"mode": "standard", "total_max_attempts": 1},
        # The SHA-256 of every body is signed, so every server checks it.
        request_checksum_calculation="when_required",
        ignore_configured_endpoint_urls=True,
        s3={
            "addressing_style": addressing_style,
            "payload_signing_enabled": True,
        },
    )


def _refused(error: botocore.exceptions.ClientError, what: str) -> Exception:
    metadata = error.response.get("ResponseMetadata", {})
    status = int(metadata.get("HTTPStatusCode", 0))
    code = str(error.response.get("Error", {}).get("Code", ""))
    if code == "NoSuchBucket":
        ours: exceptions.BankError = exceptions.BankUnavailable(
            reason="no such bucket"
        )
    elif code in _TRANSIENT:
        ours = exceptions.BankUnavailable(
            reason=f"{what} was answered with {code}"
        )
    else:
        headers = metadata.get("HTTPHeaders", {})
        ours = answers.error_of(status, what, headers.get("retry-after"))
    return Refused(code, status, ours)


def _failed(
    error: botocore.exceptions.BotoCoreError, what: str
) -> exceptions.BankError:
    """Return our error; it tells no URL."""
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return exceptions.BankRejected(
            reason="the certificate of the server is not trusted"
        )
    return exceptions.BankUnavailable(
        reason=f"{what} had no answer ({type(error).__name__})"
    )
