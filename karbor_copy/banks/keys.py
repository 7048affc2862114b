# SPDX-License-Identifier: Apache-2.0
"""Names in a bank: Karbor's layout, and the check that keeps keys inside.

Keys are relative; a driver whose back-end has Karbor's leading slash adds
it. They are checked part by part as they stand, never normalised first.
"""

import re

from karbor_copy import exceptions
from karbor_copy.data_models import checkpoint_index

#: Bytes of UTF-8, the least that the back-ends allow.
MAX_LENGTH = 1024

CHECKPOINTS = "checkpoints/"
RESOURCE_DATA = "resource-data/"
INDEX_NAME = "index.json"
MANIFEST_NAME = "manifest.jsonl"
ABANDONED_NAME = "abandoned"

# What nearly all keys look like; no part begins with a dot.
_PLAIN_PART = r"[\w@:=+-][\w@:=+.-]*"
_PLAIN = re.compile(f"{_PLAIN_PART}(?:/{_PLAIN_PART})*", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
# An empty part, "." or "..": what stands between slashes, begin and end.
_BAD_PART = re.compile(r"(?:\A|/)\.{0,2}(?:/|\Z)")


def check_key(key: str) -> str:
    """Return the key if it is one.

    :raises InvalidKey: an empty part, ``.``, ``..``, a control character,
        what is no UTF-8, or too long.
    """
    if len(key) <= MAX_LENGTH and _PLAIN.fullmatch(key):
        return key
    if _BAD_PART.search(key):
        reason = "a part is empty, '.' or '..'"
    elif _CONTROL.search(key):
        reason = "a control character"
    else:
        try:
            if len(key.encode()) <= MAX_LENGTH:
                return key
            reason = f"longer than {MAX_LENGTH} bytes"
        except UnicodeEncodeError:
            reason = "no valid UTF-8"
    # Shortened: it may be anything, of any size.
    raise exceptions.InvalidKey(key=key[:100], reason=reason)


def check_prefix(prefix: str) -> str:
    """Return the beginning of keys if it is one; it may end in a slash.

    :raises InvalidKey: no key can begin like that.
    """
    if prefix:
        check_key(prefix.removesuffix("/"))
    return prefix


def is_key(key: str) -> bool:
    """Tell whether :func:`check_key` lets the key pass."""
    try:
        check_key(key)
    except exceptions.InvalidKey:
        return False
    return True


def join(*parts: str) -> str:
    """Return the key made of the parts.

    :raises InvalidKey: it is none.
    """
    return check_key("/".join(parts))


def _one_part(part: str) -> str:
    if "/" in part:
        raise exceptions.InvalidKey(key=part[:100], reason="more than a part")
    return check_key(part)


def checkpoint_prefix(checkpoint_id: str) -> str:
    """Return where everything of a checkpoint lies.

    :raises InvalidKey: the id can't be part of a key.
    """
    return f"{CHECKPOINTS}{_one_part(checkpoint_id)}/"


def index_key(checkpoint_id: str) -> str:
    """Return the key of a checkpoint's index object.

    :raises InvalidKey: the id can't be part of a key.
    """
    return checkpoint_prefix(checkpoint_id) + INDEX_NAME


def manifest_key(checkpoint_id: str) -> str:
    """Return the key of a checkpoint's manifest.

    :raises InvalidKey: the id can't be part of a key.
    """
    return checkpoint_prefix(checkpoint_id) + MANIFEST_NAME


def abandoned_key(checkpoint_id: str) -> str:
    """Return the key of what tells that a checkpoint will never be whole.

    :raises InvalidKey: the id can't be part of a key.
    """
    return checkpoint_prefix(checkpoint_id) + ABANDONED_NAME


def data_prefix(checkpoint_id: str) -> str:
    """Return where the data of all of a checkpoint's resources lies.

    :raises InvalidKey: the id can't be part of a key.
    """
    return checkpoint_prefix(checkpoint_id) + RESOURCE_DATA


def section_prefix(checkpoint_id: str, resource_id: str) -> str:
    """Return where the data of one resource of a checkpoint lies.

    :raises InvalidKey: an id can't be part of a key.
    """
    return f"{data_prefix(checkpoint_id)}{_one_part(resource_id)}/"


def in_checkpoint(key: str) -> str:
    """Return a key, or prefix, relative to the checkpoint it belongs to.

    One outside of any checkpoint is returned as it is.
    """
    if not key.startswith(CHECKPOINTS):
        return key
    return key.removeprefix(CHECKPOINTS).partition("/")[2]


def checkpoint_of(key: str) -> str | None:
    """Return the id of the checkpoint that a key belongs to, if to any."""
    if not key.startswith(CHECKPOINTS):
        return None
    return key.removeprefix(CHECKPOINTS).partition("/")[0]


def index_keys(
    index: checkpoint_index.CheckpointIndex,
) -> tuple[str, str, str]:
    """Return the keys under which Karbor finds a checkpoint.

    By provider, by date and by plan; each holds the checkpoint's id.

    :raises InvalidKey: a value of the index can't be part of a key.
    """
    project = _one_part(index.project_id)
    plan = _one_part(index.plan_id)
    provider = _one_part(index.provider_id)
    date = _one_part(index.created_at)
    tail = _one_part(f"{index.timestamp}@{index.id}")
    return (
        join("indices", "by-provider", provider, project, tail),
        join("indices", "by-date", date, project, tail),
        join("indices", "by-plan", plan, project, date, tail),
    )
