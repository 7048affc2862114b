# SPDX-License-Identifier: Apache-2.0
"""What a worker may claim, and what is at work.

Nothing is locked: what is found here may be another's a moment later.
"""

import collections
import functools
import itertools
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

_Log = models.OperationLog
_State = status.OperationState

#: Delayed operations, and projects, that one claim looks at: with many
#: workers the first few are likely to be taken by others.
_LOOKS: Final = 16

_DISABLED: Final = sa.select(models.Service.disabled).where(
    models.Service.host == sa.bindparam("host"),
    models.Service.binary == service.PROTECTION,
)
_DUE = _Log.due_at <= functions.statement_ms()
_LEASED = _Log.lease_until >= functions.statement_ms()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much may be at work at the same time, in all workers; 0: any.

    Workers that claim in the same moment may each go beyond by one.
    """

    per_project: int = 0
    per_target: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """Who asks: its host, and the ids of the providers that it can serve.

    None for ``providers``: all, and that there is no other is for it to say.
    """

    host: str
    providers: tuple[str, ...] | None = None
    limits: Limits = Limits()


@dataclass(frozen=True, slots=True)
class Candidate:
    """An operation as it was seen."""

    id: str
    epoch: int
    project_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What may be claimed, in the order of each kind, and what is at work."""

    lost: Sequence[Candidate]
    delayed: Sequence[Candidate]
    waiting: Sequence[Candidate]
    load: collections.Counter[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Statements:
    at_work: sa.Executable
    delayed: sa.Executable
    next_project: sa.Executable
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
    queued = sa.select(_Log.id, _Log.epoch, _Log.project_id).where(
        _Log.state == _State.QUEUED,
        sa.func.coalesce(_Log.target_provider_id, "").not_in(
            sa.bindparam("full", expanding=True)
        ),
        *served,
    )
    next_project = (
        queued.where(_Log.due_at == 0, _Log.project_id > sa.bindparam("last"))
        .order_by(_Log.project_id, _Log.created_at, _Log.id)
        .limit(1)
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
        next_project=next_project,
        next_up_to=next_project.where(_Log.project_id <= sa.bindparam("end")),
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
    at_work = [row for row in rows if row.leased]
    load = collections.Counter(row.project_id for row in at_work)
    targets = collections.Counter(row.target_provider_id for row in at_work)
    full_projects = _full(load, worker.limits.per_project)
    full_targets = _full(targets, worker.limits.per_target)
    waiting = (
        found
        for found in _oldest_by_project(
            session, statements, full_targets, last
        )
        if found.project_id not in full_projects
    )
    return Survey(
        lost=[
            Candidate(row.id, row.epoch, row.project_id)
            for row in rows
            if row.due and row.served and not row.leased
        ],
        delayed=_delayed(
            session, statements.delayed, full_targets, full_projects, last
        ),
        waiting=list(itertools.islice(waiting, _LOOKS)),
        load=load,
    )


def _full(counts: collections.Counter[str], limit: int) -> list[str]:
    return [name for name, count in counts.items() if 0 < limit <= count]


def _delayed(
    session: orm.Session,
    statement: sa.Executable,
    full_targets: Sequence[str],
    full_projects: Sequence[str],
    last: str,
) -> list[Candidate]:
    """Return what has become due: first the oldest of each project.

    Behind the many of one project there may be others', so it is looked for
    what is not theirs.
    """
    found: dict[str, list[Candidate]] = {}
    while len(found) < _LOOKS:
        rows = session.execute(
            statement,
            {"full": full_targets, "full_projects": [*full_projects, *found]},
        ).all()
        for row in rows:
            found.setdefault(row.project_id, []).append(Candidate(*row))
        if len(rows) < _LOOKS:
            break
    # Behind the last turn first.
    turns = sorted(found, key=lambda project: (project <= last, project))
    rounds = itertools.zip_longest(*(found[project] for project in turns))
    return [item for one in rounds for item in one if item is not None]


def _oldest_by_project(
    session: orm.Session,
    statements: _Statements,
    full_targets: Sequence[str],
    last: str,
) -> Iterator[Candidate]:
    """Yield the oldest of each project, beginning behind the last turn.

    From project to project by the index, so that what else they have queued
    costs nothing.
    """
    values = {"full": full_targets, "last": last}
    yield from _walk(session, statements.next_project, values)
    if last:
        values = {"full": full_targets, "last": "", "end": last}
        yield from _walk(session, statements.next_up_to, values)


def _walk(
    session: orm.Session, statement: sa.Executable, values: dict[str, Any]
) -> Iterator[Candidate]:
    while (
        row := session.execute(statement, values).one_or_none()
    ) is not None:
        yield Candidate(*row)
        if row.project_id == values.get("end"):
            return
        values = {**values, "last": row.project_id}
