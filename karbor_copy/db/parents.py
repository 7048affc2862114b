# SPDX-License-Identifier: Apache-2.0
"""Copy requests follow their members: locked first, settled last.

Without the lock two members that end at the same time would each see the
other one open, and the request would stay open for ever.
"""

from collections.abc import Collection
from collections.abc import Mapping
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

#: Requests that have ended, by their ids: how.
Ended = dict[str, status.CopyStatus]

#: A request that was cancelled waits only for what was told to stop.
_KEEPS_OPEN: Final = (
    _Child.status.in_(status.OPEN_COPY_STATUSES),
    sa.or_(
        _Copy.cancel_requested.is_(sa.false()),
        _Child.cancel_requested.is_(sa.true()),
    ),
)

#: Statements are put together once: that costs more than to run them.
_ID: Final[sa.BindParameter[str]] = sa.bindparam("id")
_LOCK: Final = (
    sa.select(_Copy.id, _Copy.status).order_by(_Copy.id).with_for_update()
)
_LOCK_WAITING: Final = _LOCK.where(
    _Copy.id.in_(
        sa.select(_Member.copy_id).where(_Member.checkpoint_copy_id == _ID)
    )
)
_LOCK_THESE: Final = _LOCK.where(
    _Copy.id.in_(sa.bindparam("ids", expanding=True))
)
_WAITING: Final = sa.select(_Member.copy_id).where(
    _Member.checkpoint_copy_id == _ID
)
_NOT_BEGUN: Final = (
    sa.select(_Copy.id)
    .join(_Member, _Member.copy_id == _Copy.id)
    .where(
        _Member.checkpoint_copy_id == _ID,
        _Copy.status == status.CopyStatus.WAIT_COPYING,
    )
    .order_by(_Copy.id)
)
#: Of each request one member that it waits for: the last by id. They are
#: worked on in the order of their ids, so that the open ones are found without
#: a look at those that have ended.
_WAITING_STILL: Final = sa.select(_Copy.id).where(
    _Copy.id.in_(sa.bindparam("ids", expanding=True)),
    sa.select(_Member.checkpoint_copy_id)
    .join(_Child, _Child.id == _Member.checkpoint_copy_id)
    .where(_Member.copy_id == _Copy.id, *_KEEPS_OPEN)
    .order_by(_Member.checkpoint_copy_id.desc())
    .limit(1)
    .correlate(_Copy)
    .scalar_subquery()
    .is_not(None),
)


def lock(session: orm.Session, checkpoint_copy_id: str) -> dict[str, str]:
    """Lock the requests that wait for a checkpoint copy, in order.

    ``checkpoint_copy_id`` is the id of a row of ``checkpoint_copies``;
    return the status of each request by its id.
    """
    rows = session.execute(_LOCK_WAITING, {"id": checkpoint_copy_id})
    return {row.id: row.status for row in rows}


def _locked(session: orm.Session, ids: Collection[str]) -> dict[str, str]:
    rows = session.execute(_LOCK_THESE, {"ids": list(ids)})
    return {row.id: row.status for row in rows}


def member_began(session: orm.Session, checkpoint_copy_id: str) -> None:
    """Show that there is work on the requests that wait for this one.

    Most show it already, and are not locked for it.
    """
    waiting = session.scalars(_NOT_BEGUN, {"id": checkpoint_copy_id})
    for copy_id in waiting.all():
        _show_work(session, [copy_id])


def _show_work(session: orm.Session, copy_ids: Collection[str]) -> None:
    transitions.move(
        session, _Copy, status.CopyStatus.COPYING, _Copy.id.in_(copy_ids)
    )


def member_ended(
    session: orm.Session, checkpoint_copy_id: str, locked: Mapping[str, str]
) -> Ended:
    """Settle the requests that have waited for nothing but this one.

    ``locked`` are those known, and locked, before it ended; others may have
    adopted it since. Of those that go on the members are not counted: they
    may be thousands, of which each would be counted at the end of each.
    Return those that have come to their end.
    """
    found = session.scalars(_WAITING, {"id": checkpoint_copy_id})
    late = set(found) - locked.keys()
    known = {**locked, **_locked(session, late)} if late else locked
    waiting = _still_waiting(session, known)
    not_begun = [
        copy_id
        for copy_id in waiting
        if known[copy_id] == status.CopyStatus.WAIT_COPYING
    ]
    if not_begun:
        _show_work(session, not_begun)
    return settle(session, [id_ for id_ in known if id_ not in waiting])


def _still_waiting(
    session: orm.Session, copy_ids: Collection[str]
) -> set[str]:
    """Return those of the requests that wait for something."""
    return set(session.scalars(_WAITING_STILL, {"ids": list(copy_ids)}))


def settle(session: orm.Session, copy_ids: Sequence[str]) -> Ended:
    """Give each locked request the status that its members make.

    Return those that have come to their end.
    """
    ended: Ended = {}
    for copy_id in copy_ids:
        wanted = _wanted(session, copy_id)
        moved = transitions.move(session, _Copy, wanted, _Copy.id == copy_id)
        if moved and wanted not in status.OPEN_COPY_STATUSES:
            ended[copy_id] = wanted
    return ended


def _wanted(session: orm.Session, copy_id: str) -> status.CopyStatus:
    """Return what a request is by its members.

    What goes on although it was cancelled does so for other requests.
    """
    found = counts(session, [copy_id])[copy_id]
    cancelled = session.scalar(
        sa.select(_Copy.cancel_requested).where(_Copy.id == copy_id)
    )
    if not cancelled or _still_waiting(session, [copy_id]):
        return status.settle_copy(found)
    settled = {
        name: count
        for name, count in found.items()
        if name not in status.OPEN_COPY_STATUSES
    }
    return status.settle_copy({status.CopyStatus.CANCELLED: 1, **settled})


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
def settle_now(session: orm.Session, copy_ids: Sequence[str]) -> Ended:
    """Settle requests whose members have all ended; return them."""
    _locked(session, copy_ids)
    return settle(session, copy_ids)
