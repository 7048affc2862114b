# SPDX-License-Identifier: Apache-2.0
"""The manifest's bytes: JSON lines, and a reader that trusts nothing.

A header line, one line per object sorted by key, a trailer with the count,
the sum of sizes and the SHA-256 of all bytes before it. Only the form that
:func:`dump` writes is read: what says the same in other bytes is refused.
"""

import hashlib
import io
import json
import re
from collections.abc import Iterator
from typing import Any

from karbor_copy import exceptions
from karbor_copy.banks import keys
from karbor_copy.data_models import checkpoint
from karbor_copy.data_models import manifest

#: Bytes of a whole manifest, about a million objects.
MAX_SIZE = 256 * 1024 * 1024
MAX_COUNT = 2_000_000
#: Bytes of one object, and of all of them.
MAX_OBJECT_SIZE = 2**62

_SHA256 = re.compile(r"[0-9a-f]{64}")
_MD5 = re.compile(r"[0-9a-f]{32}")


def digest(data: bytes | memoryview) -> str:
    """Return the SHA-256 by which an index names a manifest's bytes."""
    return hashlib.sha256(data).hexdigest()


def dump(value: manifest.Manifest) -> bytes:
    """Return a manifest's bytes: the same for the same values."""
    # One buffer and no copy of it: there may be very many objects.
    buffer = io.BytesIO()
    buffer.write(_header(value).encode())
    for key in sorted(value.entries):
        buffer.write(_line(value.entries[key]).encode())
    with buffer.getbuffer() as body:
        trailer = _trailer(len(value.entries), value.size, body)
    buffer.write(trailer)
    return buffer.getvalue()


def load(data: bytes, checkpoint_id: str) -> manifest.Manifest:
    """Read a manifest that anyone may have written.

    :raises InvalidManifest: malformed, cut short, changed, beyond a limit,
        or not that checkpoint's.
    """
    try:
        return _load(data, checkpoint_id)
    except (ValueError, RecursionError, exceptions.InvalidKey) as error:
        raise exceptions.InvalidManifest(
            reason=exceptions.shown(error)
        ) from error


def _load(data: bytes, checkpoint_id: str) -> manifest.Manifest:
    if len(data) > MAX_SIZE:
        raise ValueError(f"larger than {MAX_SIZE} bytes")
    lines = _lines(data)
    header = _read_header(next(lines, b""), checkpoint_id)
    entries: dict[str, manifest.Entry] = {}
    total = 0
    previous = ""
    trailer = None
    for line in lines:
        if line.startswith(b'{"count"'):
            trailer = line
            break
        entry = _read_entry(line)
        if entry.key <= previous:
            raise ValueError(f"{entry.key} is not in order")
        previous = entry.key
        entries[entry.key] = entry
        total += entry.size
        if len(entries) > MAX_COUNT or total > MAX_OBJECT_SIZE:
            raise ValueError("too many or too large objects")
    if trailer is None or next(lines, None) is not None:
        raise ValueError("the trailer is not the last line")
    if trailer != _trailer(
        len(entries), total, memoryview(data)[: -len(trailer)]
    ):
        raise ValueError("the trailer does not fit what stands before it")
    return manifest.Manifest(
        checkpoint_id=checkpoint_id,
        entries=entries,
        copied_from=header.copied_from,
        origin_verified=header.origin_verified,
    )


def _lines(data: bytes) -> Iterator[bytes]:
    """Yield the lines one by one, each with its end."""
    start = 0
    while start < len(data):
        end = data.find(b"\n", start) + 1
        if not end:
            raise ValueError("cut short")
        yield data[start:end]
        start = end


def _header(value: manifest.Manifest) -> str:
    origin = value.copied_from
    return _json(
        {
            "version": manifest.VERSION,
            "checkpoint_id": value.checkpoint_id,
            "copied_from": None if origin is None else origin.to_dict(),
            "origin_verified": value.origin_verified,
        }
    )


def _read_header(line: bytes, checkpoint_id: str) -> manifest.Manifest:
    match json.loads(line):
        case {
            "version": manifest.VERSION,
            "checkpoint_id": str() as found,
            "copied_from": raw_origin,
            "origin_verified": bool() | None as origin_verified,
        }:
            pass
        case _:
            raise ValueError("the header is malformed or its version unknown")
    if found != checkpoint_id:
        raise ValueError("it is another checkpoint's")
    header = manifest.Manifest(
        checkpoint_id=found,
        entries={},
        copied_from=_read_origin(raw_origin),
        origin_verified=origin_verified,
    )
    _check_form(line, _header(header))
    return header


def _read_origin(raw: Any) -> checkpoint.CopiedFrom | None:
    match raw:
        case None:
            return None
        case {
            "provider_id": str() as provider_id,
            "checkpoint_id": str() as checkpoint_id,
        }:
            return checkpoint.CopiedFrom(
                provider_id=provider_id, checkpoint_id=checkpoint_id
            )
    raise ValueError("copied_from is malformed")


def _line(entry: manifest.Entry) -> str:
    # By hand: several times faster than json for a whole object.
    md5 = "null" if entry.md5 is None else f'"{entry.md5}"'
    serialized = "true" if entry.serialized else "false"
    return (
        f'{{"key": {json.dumps(entry.key)}, "size": {entry.size}, '
        f'"sha256": "{entry.sha256}", "md5": {md5}, '
        f'"serialized": {serialized}}}\n'
    )


def _read_entry(line: bytes) -> manifest.Entry:
    match json.loads(line):
        case {
            "key": str() as key,
            "size": int() as size,
            "sha256": str() as sha256,
            "md5": str() | None as md5,
            "serialized": bool() as serialized,
        }:
            pass
        case _:
            raise ValueError("an entry is malformed")
    keys.check_key(key)
    if not key.startswith(keys.RESOURCE_DATA) or key.count("/") < 2:
        raise ValueError(f"{key} is no data of a resource")
    if not 0 <= size <= MAX_OBJECT_SIZE:
        raise ValueError(f"the size of {key} is impossible")
    if not _SHA256.fullmatch(sha256) or not (
        md5 is None or _MD5.fullmatch(md5)
    ):
        raise ValueError(f"a digest of {key} is malformed")
    entry = manifest.Entry(
        key=key, size=size, sha256=sha256, md5=md5, serialized=serialized
    )
    _check_form(line, _line(entry))
    return entry


def _trailer(count: int, total: int, body: bytes | memoryview) -> bytes:
    return _json(
        {"count": count, "total": total, "digest": digest(body)}
    ).encode()


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value) + "\n"


def _check_form(line: bytes, expected: str) -> None:
    if line != expected.encode():
        raise ValueError("a line is not in the one form that counts")
