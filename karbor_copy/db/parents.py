# SPDX-License-Identifier: Apache-2.0
"""Copy requests follow their members: locked first, settled last.

Without the lock two members that end at the same time would each see the
other one open, and the request would stay open for ever.
"""

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy import orm

from karbor_copy.data_models import status
from karbor_copy.db import engine
from karbor_copy.db import models
from karbor_copy.db import transitions

_Copy = models.Copy
_Member = models.CopyMember
_Child = models.CheckpointCopy

#: A request that was cancelled waits only for what was told to stop.
_KEEPS_OPEN: Final = (
    _Child.status.in_(status.OPEN_COPY_STATUSES),
    sa.or_(
        _Copy.cancel_requested.is_(sa.false()),
        _Child.cancel_requested.is_(sa.true()),
    ),
)


def lock(session: orm.Session, checkpoint_copy_id: str) -> list[str]:
    """Lock the requests that wait for a checkpoint copy, then itself.

    ``checkpoint_copy_id`` is the id of a row of ``checkpoint_copies``;
    return the requests' ids.
    """
    waiting = session.scalars(
        sa.select(_Copy.id)
        .where(
            _Copy.id.in_(
                sa.select(_Member.copy_id).where(
                    _Member.checkpoint_copy_id == checkpoint_copy_id
                )
            )
        )
        .order_by(_Copy.id)
        .with_for_update()
    ).all()
    session.execute(
        sa.select(_Child.id)
        .where(_Child.id == checkpoint_copy_id)
        .with_for_update()
    )
    return list(waiting)


def lock_requests(session: orm.Session, copy_ids: Sequence[str]) -> None:
    """Lock these requests, in order."""
    session.execute(
        sa.select(_Copy.id)
        .where(_Copy.id.in_(copy_ids))
        .order_by(_Copy.id)
        .with_for_update()
    )


def member_began(session: orm.Session, copy_ids: Sequence[str]) -> None:
    """Show that there is work on these locked requests."""
    transitions.move(
        session, _Copy, status.CopyStatus.COPYING, _Copy.id.in_(copy_ids)
    )


def member_ended(session: orm.Session, copy_ids: Sequence[str]) -> None:
    """Settle those of these locked requests that wait for nothing more.

    Of the others the members are not counted: they may be thousands, of
    which each would be counted at the end of each.
    """
    for copy_id in copy_ids:
        if session.scalar(_waits_for(copy_id)) is None:
            settle(session, [copy_id])
        else:
            member_began(session, [copy_id])


def settle(session: orm.Session, copy_ids: Sequence[str]) -> None:
    """Give each locked request the status that its members make."""
    for copy_id in copy_ids:
        wanted = _wanted(session, copy_id)
        transitions.move(session, _Copy, wanted, _Copy.id == copy_id)


def _wanted(session: orm.Session, copy_id: str) -> status.CopyStatus:
    """Return what a request is by its members.

    What goes on although it was cancelled does so for other requests.
    """
    found = counts(session, [copy_id])[copy_id]
    cancelled = session.scalar(
        sa.select(_Copy.cancel_requested).where(_Copy.id == copy_id)
    )
    if not cancelled or session.scalar(_waits_for(copy_id)) is not None:
        return status.settle_copy(found)
    settled = {
        name: count
        for name, count in found.items()
        if name not in status.OPEN_COPY_STATUSES
    }
    return status.settle_copy({status.CopyStatus.CANCELLED: 1, **settled})


def _waits_for(copy_id: str) -> sa.Select[str]:
    """Return the query of one member that a request waits for.

    The last by id: members are worked on in the order of their ids, so that
    the open ones are found without a look at those that have ended.
    """
    return (
        sa.select(_Member.checkpoint_copy_id)
        .join(_Copy, _Copy.id == _Member.copy_id)
        .join(_Child, _Child.id == _Member.checkpoint_copy_id)
        .where(_Member.copy_id == copy_id, *_KEEPS_OPEN)
        .order_by(_Member.checkpoint_copy_id.desc())
        .limit(1)
    )


def counts(
    session: orm.Session, copy_ids: Sequence[str]
) -> dict[str, dict[status.CopyStatus, int]]:
    """Return how many members of each status these requests have."""
    found: dict[str, dict[status.CopyStatus, int]] = {
        copy_id: {} for copy_id in copy_ids
    }
    rows = session.execute(
        sa.select(_Member.copy_id, _Child.status, sa.func.count())
        .join(_Child, _Member.checkpoint_copy_id == _Child.id)
        .where(_Member.copy_id.in_(copy_ids))
        .group_by(_Member.copy_id, _Child.status)
    )
    for copy_id, name, count in rows:
        found[copy_id][status.CopyStatus(name)] = count
    return found


@engine.reader
def find_unsettled(session: orm.Session) -> list[str]:
    """Return the open requests that no open member keeps open."""
    waited_for = (
        sa.select(_Member.copy_id)
        .join(_Child, _Child.id == _Member.checkpoint_copy_id)
        .where(_Member.copy_id == _Copy.id, *_KEEPS_OPEN)
    )
    rows = session.scalars(
        sa.select(_Copy.id).where(
            _Copy.status.in_(status.OPEN_COPY_STATUSES), ~waited_for.exists()
        )
    )
    return list(rows)


@engine.writer
def settle_now(session: orm.Session, copy_ids: Sequence[str]) -> None:
    """Settle requests whose members have all ended."""
    lock_requests(session, copy_ids)
    settle(session, copy_ids)
