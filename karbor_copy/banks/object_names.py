# SPDX-License-Identifier: Apache-2.0
"""Keys of a bank as names in an object store: with Karbor's slash."""

from karbor_copy import exceptions
from karbor_copy.banks import keys

SLASH = "/"


def name_of(key: str) -> str:
    """Return the name of an object.

    :raises InvalidKey: it is none, or too long with the slash.
    """
    name = SLASH + keys.check_key(key)
    if len(name.encode()) > keys.MAX_LENGTH:
        raise exceptions.InvalidKey(
            key=key[:100], reason=f"longer than {keys.MAX_LENGTH - 1} bytes"
        )
    return name


def prefix_of(prefix: str) -> str:
    """Return the beginning of names for one of keys.

    :raises InvalidKey: no key can begin like that.
    """
    return SLASH + keys.check_prefix(prefix)


def key_of(name: str) -> str:
    """Return the key for a name that begins with the slash."""
    return name.removeprefix(SLASH)


def is_after(key: str, marker: str | None) -> bool:
    """Tell whether a key comes after the marker, in order of bytes."""
    return marker is None or key.encode() > marker.encode()
