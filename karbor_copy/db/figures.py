# SPDX-License-Identifier: Apache-2.0
"""How the whole service fares, in a few figures that cost little to read."""

import datetime
from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from karbor_copy.data_models import status
from karbor_copy.db import engine
from karbor_copy.db import functions
from karbor_copy.db import models
from karbor_copy.db import operation_logs

_Copy = models.Copy
_Log = models.OperationLog
_State = status.OperationState

#: Source and target provider.
Route = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What was true at one moment.

    ``queue`` counts the open operations by state and type, of the types that
    this version knows;
    ``oldest_waiting`` is the age in seconds of the oldest that could be
    claimed, 0 if there is none; ``last_finished`` the Unix time at which a
    copy from source to target last finished, 0 if none ever has.
    """

    queue: Mapping[tuple[status.OperationState, status.OperationType], int]
    oldest_waiting: float
    last_finished: Mapping[Route, float]


@engine.reader
def read(session: orm.Session, routes: Iterable[Route]) -> Figures:
    """Return the figures, with the last copy of each of these routes."""
    return Figures(
        queue=_queue(session),
        oldest_waiting=_oldest_waiting(session),
        last_finished={
            route: _last_finished(session, *route) for route in routes
        },
    )


def _queue(
    session: orm.Session,
) -> dict[tuple[status.OperationState, status.OperationType], int]:
    rows = session.execute(
        sa.select(_Log.state, _Log.operation_type, sa.func.count())
        .where(_Log.state.in_(status.OPEN_STATES), operation_logs.KNOWN)
        .group_by(_Log.state, _Log.operation_type)
    )
    return {
        (_State(state), status.OperationType(operation_type)): count
        for state, operation_type, count in rows
    }


def _oldest_waiting(session: orm.Session) -> float:
    """Return the age of the oldest that any worker could claim now.

    New ones wait since they were made, delayed ones since they are due, and
    those that were lost or put off since they are nobody's.
    """
    now = functions.statement_ms()
    queued = _Log.state == _State.QUEUED
    due = _Log.due_at <= now
    nobodys = sa.or_(_Log.lease_until.is_(None), _Log.lease_until < now)
    begun = _Log.state.in_((_State.RUNNING, _State.COMMITTING))
    # Those that were handed back for anybody to take have neither.
    since = sa.func.nullif(sa.func.coalesce(_Log.lease_until, _Log.due_at), 0)
    made, *moments, clock = session.execute(
        sa.select(
            _first(_Log.created_at, queued, _Log.due_at == 0),
            _first(_Log.due_at, queued, _Log.due_at > 0, due),
            _first(since, begun, due, nobodys),
            functions.now_ms(),
        )
    ).one()
    ages = [(clock - moment) / 1000 for moment in moments if moment]
    if made is not None:
        ages.append((functions.utcnow() - made).total_seconds())
    return max(0.0, *ages) if ages else 0.0


def _first(
    column: Any, *where: sa.ColumnElement[bool]
) -> sa.ScalarSelect[Any]:
    return sa.select(sa.func.min(column)).where(*where).scalar_subquery()


def _last_finished(session: orm.Session, source: str, target: str) -> float:
    """Return when the last copy finished; one that had nothing to do too."""
    finished = (
        _Copy.provider_id == source,
        _Copy.target_provider_id == target,
        _Copy.status == status.CopyStatus.FINISHED,
    )
    worked = sa.select(sa.func.max(_Copy.updated_at)).where(*finished)
    # What had nothing to do was finished when it was made.
    idle = sa.select(sa.func.max(_Copy.created_at)).where(
        *finished, _Copy.updated_at.is_(None)
    )
    moments: list[datetime.datetime] = [
        moment
        for statement in (worked, idle)
        if (moment := session.scalar(statement)) is not None
    ]
    if not moments:
        return 0.0
    return max(moments).replace(tzinfo=datetime.UTC).timestamp()


@engine.reader
def providers_at_work(session: orm.Session) -> set[str]:
    """Return the ids of the providers that open operations refer to."""
    columns = (_Log.provider_id, _Log.target_provider_id)
    return {
        provider_id
        for column in columns
        for provider_id in session.scalars(
            sa.select(column)
            .where(_Log.state.in_(status.OPEN_STATES), column.is_not(None))
            .distinct()
        )
        if provider_id is not None
    }
