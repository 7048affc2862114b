# SPDX-License-Identifier: Apache-2.0
"""What is stored of a reason: text that every database takes.

An error repeats what others have named or answered. PostgreSQL takes no NUL,
and halves of a surrogate pair, which Python makes of bytes that are no UTF-8,
no database takes as text, MariaDB not even escaped in JSON.
"""

import re
from typing import Final

#: What the user may see of an error.
_MAX_LENGTH: Final = 4000
_REFUSED: Final = re.compile("[\0\ud800-\udfff]")


def storable(reason: str | None) -> str | None:
    """Return a reason as it is stored: long ones are cut."""
    if reason is None:
        return None
    return _REFUSED.sub("\ufffd", reason[:_MAX_LENGTH])
