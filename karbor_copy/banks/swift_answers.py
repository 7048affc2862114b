# SPDX-License-Identifier: Apache-2.0
"""What Swift's answers say."""

from collections.abc import Mapping
from typing import Any

import requests

from karbor_copy import exceptions
from karbor_copy.banks import answers
from karbor_copy.banks import base
from karbor_copy.banks import incoming
from karbor_copy.banks import object_names

#: The header that tells of JSON, Karbor's.
SERIALIZED = "X-Object-Meta-Serialized"
#: The first digit of a status of success.
_GOOD = 2
#: Headers of objects whose ETag is not the MD5 of what a GET gives.
STATIC_LARGE = "X-Static-Large-Object"
_LARGE = (STATIC_LARGE, "X-Object-Manifest")


def is_good(answer: requests.Response) -> bool:
    """Tell whether Swift has done it; a redirect is not followed."""
    return answer.status_code // 100 == _GOOD


def error_of(answer: requests.Response, what: str) -> exceptions.BankError:
    """Return the error for an answer to what was asked of Swift."""
    if answer.status_code == requests.codes.not_found:
        # An object's is told before, where it matters.
        return exceptions.BankUnavailable(reason="no such container")
    return answers.error_of(
        answer.status_code,
        f"Swift: {what}",
        answer.headers.get("Retry-After"),
    )


def etag_of(answer: requests.Response) -> str | None:
    """Return the MD5 of an object's bytes, None where it is not told."""
    etag = raw_etag_of(answer)
    if any(name in answer.headers for name in _LARGE):
        return None
    return etag if incoming.is_md5(etag) else None


def raw_etag_of(answer: requests.Response) -> str:
    """Return an ETag without quotes, whatever it is made of."""
    return str(answer.headers.get("Etag", "")).strip('"')


def stat_of(answer: requests.Response, key: str) -> base.ObjectInfo:
    """Return what the headers tell of an object."""
    serialized = answer.headers.get(SERIALIZED)
    etag = etag_of(answer)
    return base.ObjectInfo(
        key=key,
        size=size_of(answer),
        digests={"md5": etag} if etag else {},
        serialized=None if serialized is None else serialized == "True",
    )


def size_of(answer: requests.Response) -> int:
    """Return the bytes of a body.

    :raises BankUnavailable: it is not told.
    """
    length = answer.headers.get("Content-Length", "")
    if not length.isdigit():
        raise exceptions.BankUnavailable(
            reason="Swift: an answer does not tell its length"
        )
    return int(length)


def infos_of(answer: requests.Response) -> list[base.ObjectInfo]:
    """Return what one page of a listing tells.

    :raises BankUnavailable: it is cut short, or no listing.
    """
    try:
        return [_info_of(entry) for entry in answer.json()]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise exceptions.BankUnavailable(
            reason="Swift: a listing can't be read"
        ) from error


def _info_of(entry: Mapping[str, Any]) -> base.ObjectInfo:
    if "subdir" in entry:
        return base.ObjectInfo(
            key=object_names.key_of(entry["subdir"]), size=0
        )
    plain = "slo_etag" not in entry and incoming.is_md5(entry["hash"])
    return base.ObjectInfo(
        key=object_names.key_of(entry["name"]),
        size=entry["bytes"],
        digests={"md5": entry["hash"]} if plain else {},
    )
