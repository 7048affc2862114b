# SPDX-License-Identifier: Apache-2.0
"""Waits until a checkpoint, copy, restore or verification has ended."""

import dataclasses
import time
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Sequence
from typing import Final

from karbor_copy.client.v1 import client as v1_client
from karbor_copy.client.v1 import errors
from karbor_copy.client.v1 import transport

#: The statuses of all nouns in which something is still to come.
OPEN: Final = frozenset(
    {"protecting", "wait_copying", "copying", "deleting", "in_progress"}
)

_FIRST_DELAY: Final = 0.1
_LAST_DELAY: Final = 2.0
#: Seconds that the service may be away meanwhile: it may be restarting.
_OUTAGE: Final = 60.0
#: Of many reasons only so many are told.
_MAX_REASONS: Final = 5

Watch = Callable[[Sequence[transport.Item]], None]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Wait:
    """What is waited for: how to look at it and why it may have failed."""

    what: str
    wanted: str
    fetch: Callable[[], transport.Item]
    reasons: Callable[[transport.Item], Iterable[str]]


def for_checkpoint(
    client: v1_client.Client,
    provider_id: str,
    checkpoint_id: str,
    *,
    timeout: float | None = None,
) -> transport.Item:
    """Wait until a checkpoint is available.

    :raises OperationFailed: it ended otherwise
    :raises WaitTimeout: it did not end in time
    """
    wait = _checkpoint_wait(client, provider_id, checkpoint_id, "available")
    return _until_good(wait, timeout)


def for_deletion(
    client: v1_client.Client,
    provider_id: str,
    checkpoint_id: str,
    *,
    timeout: float | None = None,
) -> None:
    """Wait until a checkpoint is deleted or gone.

    :raises OperationFailed: it could not be deleted
    :raises WaitTimeout: it was not deleted in time
    """
    wait = _checkpoint_wait(client, provider_id, checkpoint_id, "deleted")
    try:
        _until_good(wait, timeout)
    except errors.NotFound:
        return


def for_copy(
    client: v1_client.Client,
    copy_id: str,
    *,
    watch: Watch | None = None,
    timeout: float | None = None,
) -> transport.Item:
    """Wait until a copy is finished; ``watch`` sees its checkpoint copies.

    :raises OperationFailed: it ended otherwise
    :raises WaitTimeout: it did not end in time
    """

    def fetch() -> transport.Item:
        # The copy first: when it has ended, so have all that it waits for.
        item = client.copies.get(copy_id)
        if watch is not None:
            watch(list(client.copies.checkpoint_copies(copy_id)))
        return item

    def reasons(_: transport.Item) -> Iterable[str]:
        for member in client.copies.checkpoint_copies(copy_id):
            if member.get("error_info"):
                yield (
                    f"checkpoint {member['checkpoint_id']}: "
                    f"{member['error_info']}"
                )

    wait = _Wait(
        what=f"Copy {copy_id}",
        wanted="finished",
        fetch=fetch,
        reasons=reasons,
    )
    return _until_good(wait, timeout)


def for_restore(
    client: v1_client.Client,
    restore_id: str,
    *,
    timeout: float | None = None,
) -> transport.Item:
    """Wait until a restore has succeeded.

    :raises OperationFailed: it ended otherwise
    :raises WaitTimeout: it did not end in time
    """

    def reasons(item: transport.Item) -> Iterable[str]:
        yield from _resource_reasons(item)
        yield from client.operation_logs.reasons({"restore_id": restore_id})

    wait = _Wait(
        what=f"Restore {restore_id}",
        wanted="success",
        fetch=lambda: client.restores.get(restore_id),
        reasons=reasons,
    )
    return _until_good(wait, timeout)


def for_verification(
    client: v1_client.Client,
    verification_id: str,
    *,
    timeout: float | None = None,
) -> transport.Item:
    """Wait until a verification has succeeded.

    :raises OperationFailed: it ended otherwise
    :raises WaitTimeout: it did not end in time
    """

    def reasons(item: transport.Item) -> Iterable[str]:
        # Its log names the checkpoint only, and may be of another one.
        return _resource_reasons(item) or client.operation_logs.reasons(
            {
                "checkpoint_id": item["checkpoint_id"],
                "operation_type": "verify",
            }
        )

    wait = _Wait(
        what=f"Verification {verification_id}",
        wanted="success",
        fetch=lambda: client.verifications.get(verification_id),
        reasons=reasons,
    )
    return _until_good(wait, timeout)


def _checkpoint_wait(
    client: v1_client.Client,
    provider_id: str,
    checkpoint_id: str,
    wanted: str,
) -> _Wait:
    return _Wait(
        what=f"Checkpoint {checkpoint_id}",
        wanted=wanted,
        fetch=lambda: client.checkpoints.get(provider_id, checkpoint_id),
        reasons=lambda _: client.operation_logs.reasons(
            {"checkpoint_id": checkpoint_id}
        ),
    )


def _resource_reasons(item: transport.Item) -> list[str]:
    reasons = item.get("resources_reason") or {}
    return [f"{key}: {reason}" for key, reason in reasons.items() if reason]


def _until_good(wait: _Wait, timeout: float | None) -> transport.Item:
    item = _until_settled(wait, timeout)
    if item["status"] != wait.wanted:
        raise errors.OperationFailed(
            f"{wait.what} ended as {item['status']}{_because(wait, item)}"
        )
    return item


def _until_settled(wait: _Wait, timeout: float | None) -> transport.Item:
    """Poll, first often and then less, until the status is an end."""
    started = answered = time.monotonic()
    delay = _FIRST_DELAY
    item: transport.Item = {}
    while True:
        try:
            item = wait.fetch()
            answered = time.monotonic()
        except (errors.Unreachable, errors.Unavailable):
            if not item or time.monotonic() - answered > _OUTAGE:
                raise
        if item["status"] not in OPEN:
            return item
        if timeout is not None and time.monotonic() - started > timeout:
            raise errors.WaitTimeout(
                f"{wait.what} is still {item['status']} after "
                f"{timeout:.0f} s{_because(wait, item)}"
            )
        time.sleep(delay)
        delay = min(delay * 1.5, _LAST_DELAY)


def _because(wait: _Wait, item: transport.Item) -> str:
    """Return the reasons that the server gives, as the end of a sentence."""
    # One reason may come by several ways.
    reasons = list(dict.fromkeys(wait.reasons(item)))
    if not reasons:
        return "; the server gives no reason."
    told = "; ".join(reasons[:_MAX_REASONS])
    more = len(reasons) - _MAX_REASONS
    return f": {told}" + (f"; and {more} more" if more > 0 else "")
