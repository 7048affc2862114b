# SPDX-License-Identifier: Apache-2.0
"""What S3's answers say."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from karbor_copy import exceptions
from karbor_copy.banks import base
from karbor_copy.banks import incoming
from karbor_copy.banks import object_names

NOT_FOUND = 404
PRECONDITION_FAILED = 412
RANGE_NOT_SATISFIABLE = 416
NO_KEY = "NoSuchKey"
#: Name of the metadata that tells of JSON, Karbor's.
SERIALIZED = "x-object-meta-serialized"
#: With these the ETag of a plain object is its MD5.
_PLAIN_ENCRYPTION = (None, "AES256")


def etag_of(answer: Mapping[str, Any]) -> str:
    """Return an ETag without quotes, nothing where it is not told."""
    return str(answer.get("ETag", "")).strip('"')


def size_of(answer: Mapping[str, Any]) -> int:
    """Return the bytes of a body.

    :raises BankUnavailable: it is not told.
    """
    size = answer.get("ContentLength")
    if not isinstance(size, int):
        raise exceptions.BankUnavailable(
            reason="S3: an answer does not tell its length"
        )
    return size


def md5_of(answer: Mapping[str, Any]) -> str | None:
    """Return the MD5 of an object's bytes, None where it is not told."""
    etag = etag_of(answer)
    if answer.get("ServerSideEncryption") not in _PLAIN_ENCRYPTION:
        return None
    return etag if incoming.is_md5(etag) else None


def stat_of(answer: Mapping[str, Any], key: str) -> base.ObjectInfo:
    """Return what the headers tell of an object."""
    digests = {"md5": md5_of(answer), "sha256": _sha256_of(answer)}
    serialized = answer.get("Metadata", {}).get(SERIALIZED)
    return base.ObjectInfo(
        key=key,
        size=size_of(answer),
        digests={name: value for name, value in digests.items() if value},
        serialized=None if serialized is None else serialized == "True",
    )


def infos_of(page: Mapping[str, Any]) -> list[base.ObjectInfo]:
    """Return what a page of a listing tells, in order of bytes."""
    found = [
        base.ObjectInfo(
            key=object_names.key_of(entry["Key"]), size=entry["Size"]
        )
        for entry in page.get("Contents", ())
    ]
    found += [
        base.ObjectInfo(key=object_names.key_of(entry["Prefix"]), size=0)
        for entry in page.get("CommonPrefixes", ())
    ]
    found.sort(key=lambda info: info.key.encode())
    return found


def _sha256_of(answer: Mapping[str, Any]) -> str | None:
    """Return a SHA-256 of the whole object, not of the digests of parts."""
    try:
        value = base64.b64decode(answer["ChecksumSHA256"], validate=True)
    except (KeyError, binascii.Error):
        return None
    return value.hex()
