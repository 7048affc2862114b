# SPDX-License-Identifier: Apache-2.0
"""What the HTTP answers of object stores mean for a bank."""

import datetime
import email.utils

from karbor_copy import exceptions

#: Of 4xx those that say "not now": time-out, conflict, too early, too many
#: requests, and Swift's rate limit and client disconnect.
_TRANSIENT = frozenset({408, 409, 425, 429, 498, 499})
#: Of 5xx those that stay: not implemented, unknown version, full.
_PERMANENT = frozenset({501, 505, 507})


def error_of(
    status: int, what: str, retry_after: str | None = None
) -> exceptions.BankError:
    """Return the error for a status that is none of success.

    ``what`` says who answered which request; ``retry_after`` is the header.
    """
    reason = f"{what} was answered with status {status}"
    if status in _TRANSIENT or (status >= 500 and status not in _PERMANENT):
        return exceptions.BankUnavailable(
            reason=reason, retry_after=seconds(retry_after)
        )
    return exceptions.BankRejected(reason=reason)


def seconds(retry_after: str | None) -> float:
    """Return the seconds that a Retry-After header asks for, 0 for none."""
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    now = datetime.datetime.now(datetime.UTC)
    return max(0.0, (moment - now).total_seconds())
