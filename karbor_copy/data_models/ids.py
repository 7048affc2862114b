# SPDX-License-Identifier: Apache-2.0
"""UUIDs as callers write them, and in the one form that is stored."""

import re

_UUID = re.compile(
    r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}",
    re.IGNORECASE,
)


def is_uuid(text: str) -> bool:
    """Tell whether the text is a UUID, with or without its dashes."""
    return _UUID.fullmatch(text) is not None


def canonical(uuid: str) -> str:
    """Return a UUID in lower case and with its dashes."""
    text = uuid.replace("-", "").lower()
    return "-".join(
        (text[:8], text[8:12], text[12:16], text[16:20], text[20:])
    )
