# SPDX-License-Identifier: Apache-2.0
"""Copy requests follow their members: locked first, settled last.

Without the lock two members that end at the same time would each see the
other one open, and the request would stay open for ever.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy import orm

from karbor_copy.data_models import status
from karbor_copy.db import engine
from karbor_copy.db import models
from karbor_copy.db import operation_logs

_Copy = models.Copy
_Member = models.CopyMember
_Child = models.CheckpointCopy


def lock(
    session: orm.Session, checkpoint_copy_ids: Sequence[str]
) -> list[str]:
    """Lock the requests that wait for these; return their ids in order.

    ``checkpoint_copy_ids`` are ids of rows of ``checkpoint_copies``.
    """
    rows = session.scalars(
        sa.select(_Copy.id)
        .where(
            _Copy.id.in_(
                sa.select(_Member.copy_id).where(
                    _Member.checkpoint_copy_id.in_(checkpoint_copy_ids)
                )
            )
        )
        .order_by(_Copy.id)
        .with_for_update()
    )
    return list(rows)


def lock_requests(session: orm.Session, copy_ids: Sequence[str]) -> None:
    """Lock these requests, in order."""
    session.execute(
        sa.select(_Copy.id)
        .where(_Copy.id.in_(copy_ids))
        .order_by(_Copy.id)
        .with_for_update()
    )


def settle(session: orm.Session, copy_ids: Sequence[str]) -> None:
    """Give each locked request the status that its members make."""
    session.flush()
    for copy_id in copy_ids:
        wanted = _wanted(session, copy_id)
        session.execute(
            sa.update(_Copy)
            .where(
                _Copy.id == copy_id,
                _Copy.status.in_(status.COPY_TRANSITIONS[wanted]),
            )
            .values(status=wanted, updated_at=operation_logs.utcnow())
        )


def _wanted(session: orm.Session, copy_id: str) -> status.CopyStatus:
    """Return what a request is by its members.

    One that was cancelled waits only for those that were told to stop; what
    goes on does so for other requests.
    """
    found = counts(session, [copy_id])[copy_id]
    if not session.scalar(
        sa.select(_Copy.cancel_requested).where(_Copy.id == copy_id)
    ):
        return status.settle_copy(found)
    stopping = (
        sa.select(_Child.id)
        .join(_Member, _Member.checkpoint_copy_id == _Child.id)
        .where(
            _Member.copy_id == copy_id,
            _Child.status.in_(status.OPEN_COPY_STATUSES),
            _Child.cancel_requested.is_(sa.true()),
        )
        .limit(1)
    )
    if session.scalar(stopping) is not None:
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
        .where(
            _Member.copy_id == _Copy.id,
            _Child.status.in_(status.OPEN_COPY_STATUSES),
            sa.or_(
                _Copy.cancel_requested.is_(sa.false()),
                _Child.cancel_requested.is_(sa.true()),
            ),
        )
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
