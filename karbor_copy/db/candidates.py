# SPDX-License-Identifier: Apache-2.0
"""What a worker may claim, and what is at work.

Nothing is locked: what is found here may be another's a moment later.
"""

import collections
import functools
import itertools
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from typing import Final

import sqlalchemy as sa
from sqlalchemy import orm

from karbor_copy.data_models import service
from karbor_copy.data_models import status
from karbor_copy.db import engine
from karbor_copy.db import functions
from karbor_copy.db import models
from karbor_copy.db import operation_logs
from karbor_copy.db import work_limits

_Log = models.OperationLog
_State = status.OperationState

#: Operations of a kind, and projects, that one claim looks at: with many
#: workers the first few are likely to be taken by others.
_LOOKS: Final = 16

_DISABLED: Final = sa.select(models.Service.disabled).where(
    models.Service.host == sa.bindparam("host"),
    models.Service.binary == service.PROTECTION,
)
_DUE = _Log.due_at <= functions.statement_ms()
_LEASED = _Log.lease_until >= functions.statement_ms()


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """Who asks: its host, and the ids of the providers that it can serve.

    None for ``providers``: all, and that there is no other is for it to say.
    """

    host: str
    providers: tuple[str, ...] | None = None
    limits: work_limits.Limits = work_limits.Limits()


@dataclass(frozen=True, slots=True)
class Candidate:
    """An operation as it was seen."""

    id: str
    epoch: int
    project_id: str
    target_provider_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What may be claimed, in the order of each kind, and what is at work.

    ``crowded`` tells that there was more when it was looked for: others have
    taken its room meanwhile, and behind it there may be something else.
    """

    crowded: bool
    lost: Sequence[Candidate]
    delayed: Sequence[Candidate]
    waiting: Sequence[Candidate]
    load: collections.Counter[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Statements:
    at_work: sa.Executable
    delayed: sa.Executable
    next_projects: sa.Executable
    next_up_to: sa.Executable


@functools.cache
def _statements(providers: tuple[str, ...] | None) -> _Statements:
    """Build them, once: building them takes longer than running them."""
    served: list[sa.ColumnElement[bool]] = [operation_logs.KNOWN]
    if providers is not None:
        served += [
            sa.or_(column.is_(None), column.in_(providers))
            for column in (_Log.provider_id, _Log.target_provider_id)
        ]
    queued = sa.select(
        _Log.id, _Log.epoch, _Log.project_id, _Log.target_provider_id
    ).where(
        _Log.state == _State.QUEUED,
        sa.func.coalesce(_Log.target_provider_id, "").not_in(
            sa.bindparam("full", expanding=True)
        ),
        *served,
    )
    next_projects = (
        queued.where(_Log.due_at == 0, _Log.project_id > sa.bindparam("last"))
        .order_by(_Log.project_id, _Log.created_at, _Log.id)
        .limit(_LOOKS)
    )
    return _Statements(
        at_work=_at_work(sa.and_(*served)),
        delayed=queued.where(
            _Log.due_at > 0,
            _DUE,
            _Log.project_id.not_in(
                sa.bindparam("full_projects", expanding=True)
            ),
        )
        .order_by(_Log.due_at, _Log.project_id, _Log.created_at, _Log.id)
        .limit(_LOOKS),
        next_projects=next_projects,
        next_up_to=next_projects.where(_Log.project_id <= sa.bindparam("end")),
    )


def _at_work(served: sa.ColumnElement[bool]) -> sa.Executable:
    """Return what finds all that is at work, or was when it was lost."""
    return (
        sa.select(
            _Log.id,
            _Log.epoch,
            _Log.project_id,
            _Log.target_provider_id,
            sa.func.coalesce(_LEASED, sa.false()).label("leased"),
            _DUE.label("due"),
            served.label("served"),
        )
        .where(_Log.state.in_((_State.RUNNING, _State.COMMITTING)))
        .order_by(_Log.created_at, _Log.id)
    )


@engine.reader
def survey(session: orm.Session, worker: Worker, last: str) -> Survey | None:
    """Return what this worker may claim, None if its host was disabled.

    ``last`` is the project that had the last turn.
    """
    if session.scalar(_DISABLED, {"host": worker.host}):
        return None
    statements = _statements(worker.providers)
    rows = session.execute(statements.at_work).all()
    at_work = _leased(worker, rows)
    delayed = _delayed(session, statements, at_work, last)
    waiting = _waiting(session, statements, at_work, last)
    crowded = bool(at_work.room_for(_lost(rows)) or delayed or waiting)
    if worker.limits.any and (delayed or waiting):
        # What others have taken since is at work, and among these too.
        rows = session.execute(statements.at_work).all()
        at_work = _leased(worker, rows)
    return Survey(
        crowded=crowded,
        lost=at_work.room_for(_lost(rows)),
        delayed=at_work.room_for(delayed),
        waiting=at_work.room_for(waiting)[:_LOOKS],
        load=at_work.projects,
    )


def _lost(rows: Iterable[Any]) -> list[Candidate]:
    return [
        Candidate(row.id, row.epoch, row.project_id, row.target_provider_id)
        for row in rows
        if row.due and row.served and not row.leased
    ]


def _leased(worker: Worker, rows: Iterable[Any]) -> work_limits.AtWork:
    return work_limits.AtWork(
        worker.limits, [row for row in rows if row.leased]
    )


def _delayed(
    session: orm.Session,
    statements: _Statements,
    at_work: work_limits.AtWork,
    last: str,
) -> list[Candidate]:
    """Return what has become due: first the oldest of each project.

    Behind the many of one project there may be others', so it is looked for
    what is not theirs.
    """
    found: dict[str, list[Candidate]] = {}
    while len(found) < _LOOKS:
        rows = session.execute(
            statements.delayed,
            {
                "full": at_work.full_targets,
                "full_projects": [*at_work.full_projects, *found],
            },
        ).all()
        for row in rows:
            found.setdefault(row.project_id, []).append(Candidate(*row))
        if len(rows) < _LOOKS:
            break
    # Behind the last turn first.
    turns = sorted(found, key=lambda project: (project <= last, project))
    return list(_rounds(found[project] for project in turns))


def _waiting(
    session: orm.Session,
    statements: _Statements,
    at_work: work_limits.AtWork,
    last: str,
) -> list[Candidate]:
    """Return the oldest of each project, then what comes after those.

    The projects in their order, beginning behind the last turn. Workers that
    claim at once are after the same one: who loses it takes the next.
    """
    found: dict[str, list[Candidate]] = {}
    full_projects = at_work.full_projects
    for candidate in _oldest_by_project(
        session, statements, at_work.full_targets, last
    ):
        if candidate.project_id in full_projects:
            continue
        found.setdefault(candidate.project_id, []).append(candidate)
        if len(found) > _LOOKS:
            break
    return list(_rounds(found.values()))


def _rounds(turns: Iterable[Sequence[Candidate]]) -> Iterator[Candidate]:
    """Yield the first of each, then the second of each."""
    for one in itertools.zip_longest(*turns):
        yield from (item for item in one if item is not None)


def _oldest_by_project(
    session: orm.Session,
    statements: _Statements,
    full_targets: Sequence[str],
    last: str,
) -> Iterator[Candidate]:
    """Yield the first few of each project, beginning behind the last turn.

    From project to project by the index, so that what else they have queued
    costs nothing.
    """
    values = {"full": full_targets, "last": last}
    yield from _walk(session, statements.next_projects, values)
    if last:
        values = {"full": full_targets, "last": "", "end": last}
        yield from _walk(session, statements.next_up_to, values)


def _walk(
    session: orm.Session, statement: sa.Executable, values: dict[str, Any]
) -> Iterator[Candidate]:
    while True:
        rows = session.execute(statement, values).all()
        yield from (Candidate(*row) for row in rows)
        if len(rows) < _LOOKS or rows[-1].project_id == values.get("end"):
            return
        values = {**values, "last": rows[-1].project_id}
