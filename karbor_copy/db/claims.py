# SPDX-License-Identifier: Apache-2.0
"""Which operation a worker takes next: fair between projects.

What another worker has lost comes first. Then it is the turn of the project
with the least at work, and of those the one after that which had the last
turn; within a project the oldest goes first. So a project with thousands of
operations delays another's only one by no more than one operation.

No worker waits for another here: a candidate that is locked is skipped, and
each claim repeats in its UPDATE all that made it a candidate.
"""

import collections
import itertools
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from typing import Final

import sqlalchemy as sa
from sqlalchemy import orm

from karbor_copy.data_models import operation_log
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

_DUE = _Log.due_at <= functions.statement_ms()
_LEASED = _Log.lease_until >= functions.statement_ms()

# Built once: building them takes longer than running them.
_AT_WORK: Final = (
    sa.select(
        _Log.id,
        _Log.epoch,
        _Log.project_id,
        _Log.target_provider_id,
        sa.func.coalesce(_LEASED, sa.false()).label("leased"),
        _DUE.label("due"),
    )
    .where(_Log.state.in_((_State.RUNNING, _State.COMMITTING)))
    .order_by(_Log.created_at, _Log.id)
)
_QUEUED: Final = sa.select(_Log.id, _Log.epoch, _Log.project_id).where(
    _Log.state == _State.QUEUED,
    sa.func.coalesce(_Log.target_provider_id, "").not_in(
        sa.bindparam("full", expanding=True)
    ),
)
_DELAYED: Final = (
    _QUEUED.where(
        _Log.due_at > 0,
        _DUE,
        _Log.project_id.not_in(sa.bindparam("full_projects", expanding=True)),
    )
    .order_by(_Log.due_at, _Log.project_id, _Log.created_at, _Log.id)
    .limit(_LOOKS)
)
_NEXT_PROJECT: Final = (
    _QUEUED.where(_Log.due_at == 0, _Log.project_id > sa.bindparam("last"))
    .order_by(_Log.project_id, _Log.created_at, _Log.id)
    .limit(1)
)
_NEXT_UP_TO: Final = _NEXT_PROJECT.where(
    _Log.project_id <= sa.bindparam("end")
)

_DISABLED: Final = sa.select(models.Service.disabled).where(
    models.Service.host == sa.bindparam("host"),
    models.Service.binary == service.PROTECTION,
)

_NOW: Final = functions.now_ms()
_CLAIMABLE: Final = (
    _Log.id == sa.bindparam("log_id"),
    _Log.epoch == sa.bindparam("seen"),
    _Log.state.in_(status.OPEN_STATES),
    _Log.due_at <= _NOW,
    sa.or_(_Log.lease_until.is_(None), _Log.lease_until < _NOW),
)
_LOCK: Final = (
    sa.select(_Log.id).where(*_CLAIMABLE).with_for_update(skip_locked=True)
)
_TAKE: Final = (
    sa.update(models.table(_Log))
    .where(*_CLAIMABLE)
    .values(
        owner=sa.bindparam("worker"),
        epoch=_Log.epoch + 1,
        attempts=_Log.attempts + 1,
        lease_until=_NOW + sa.bindparam("milliseconds", type_=sa.BigInteger),
        state=operation_logs.or_stays(_State.RUNNING),
        updated_at=sa.bindparam("now"),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much may be at work at the same time, in all workers; 0: any.

    Workers that claim in the same moment may each go beyond by one.
    """

    per_project: int = 0
    per_target: int = 0


@dataclass(frozen=True, slots=True)
class _Candidate:
    id: str
    epoch: int
    project_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Survey:
    """What may be claimed, in the order of each kind, and what is at work."""

    lost: Sequence[_Candidate]
    delayed: Sequence[_Candidate]
    waiting: Sequence[_Candidate]
    load: collections.Counter[str]


class Claimer:
    """Takes operations for one worker."""

    def __init__(
        self, *, host: str, owner: str, lease: float, limits: Limits
    ) -> None:
        """Take the name of its host, its own, and a lease's seconds."""
        self._host = host
        self._owner = owner
        self._lease = lease
        self._limits = limits
        #: The project that had the last turn.
        self._last = ""
        self._turns = 0

    def claim(self) -> operation_log.OperationLog | None:
        """Take the operation whose turn it is; None when there is none.

        There is none for a host that was disabled. A queued one becomes
        ``running``; one that its worker lost keeps its state and gets a new
        epoch.
        """
        found = _survey(self._host, self._limits, self._last)
        if found is None:
            return None
        for candidate in self._ordered(found):
            taken = _take(candidate, self._owner, self._lease)
            if taken is not None:
                self._last = taken.project_id
                self._turns += 1
                return taken
        return None

    def _ordered(self, found: _Survey) -> list[_Candidate]:
        """Return the candidates; what was delayed has every second turn."""
        kinds = [found.waiting, found.delayed]
        if self._turns % 2:
            kinds.reverse()
        queued = [candidate for kind in kinds for candidate in kind]
        # Stable: of equals it is the turn of the first.
        queued.sort(key=lambda candidate: found.load[candidate.project_id])
        return [*found.lost, *queued]


@engine.reader
def _survey(
    session: orm.Session, host: str, limits: Limits, last: str
) -> _Survey | None:
    if session.scalar(_DISABLED, {"host": host}):
        return None
    rows = session.execute(_AT_WORK).all()
    at_work = [row for row in rows if row.leased]
    load = collections.Counter(row.project_id for row in at_work)
    targets = collections.Counter(row.target_provider_id for row in at_work)
    full_projects = _full(load, limits.per_project)
    full_targets = _full(targets, limits.per_target)
    waiting = (
        found
        for found in _oldest_by_project(session, full_targets, last)
        if found.project_id not in full_projects
    )
    return _Survey(
        lost=[
            _Candidate(row.id, row.epoch, row.project_id)
            for row in rows
            if row.due and not row.leased
        ],
        delayed=_delayed(session, full_targets, full_projects, last),
        waiting=list(itertools.islice(waiting, _LOOKS)),
        load=load,
    )


def _full(counts: collections.Counter[str], limit: int) -> list[str]:
    return [name for name, count in counts.items() if 0 < limit <= count]


def _delayed(
    session: orm.Session,
    full_targets: Sequence[str],
    full_projects: Sequence[str],
    last: str,
) -> list[_Candidate]:
    """Return what has become due: first the oldest of each project.

    Behind the many of one project there may be others', so it is looked for
    what is not theirs.
    """
    found: dict[str, list[_Candidate]] = {}
    while len(found) < _LOOKS:
        rows = session.execute(
            _DELAYED,
            {"full": full_targets, "full_projects": [*full_projects, *found]},
        ).all()
        for row in rows:
            found.setdefault(row.project_id, []).append(_Candidate(*row))
        if len(rows) < _LOOKS:
            break
    # Behind the last turn first.
    turns = sorted(found, key=lambda project: (project <= last, project))
    rounds = itertools.zip_longest(*(found[project] for project in turns))
    return [item for one in rounds for item in one if item is not None]


def _oldest_by_project(
    session: orm.Session, full_targets: Sequence[str], last: str
) -> Iterator[_Candidate]:
    """Yield the oldest of each project, beginning behind the last turn.

    From project to project by the index, so that what else they have queued
    costs nothing.
    """
    values = {"full": full_targets, "last": last}
    yield from _walk(session, _NEXT_PROJECT, values)
    if last:
        values = {"full": full_targets, "last": "", "end": last}
        yield from _walk(session, _NEXT_UP_TO, values)


def _walk(
    session: orm.Session, statement: sa.Executable, values: dict[str, Any]
) -> Iterator[_Candidate]:
    while (
        row := session.execute(statement, values).one_or_none()
    ) is not None:
        yield _Candidate(*row)
        if row.project_id == values.get("end"):
            return
        values = {**values, "last": row.project_id}


def take_lost(
    log_id: str, epoch: int, owner: str, lease: float
) -> operation_log.OperationLog | None:
    """Take one operation whose lease has run out; None if it has not."""
    return _take(_Candidate(log_id, epoch, ""), owner, lease)


@engine.writer
def _take(
    session: orm.Session, candidate: _Candidate, owner: str, lease: float
) -> operation_log.OperationLog | None:
    seen = {"log_id": candidate.id, "seen": candidate.epoch}
    if session.scalar(_LOCK, seen) is None:
        return None
    taken = session.execute(
        _TAKE,
        {
            **seen,
            "worker": owner,
            "milliseconds": int(lease * 1000),
            "now": functions.utcnow(),
        },
    )
    if taken.rowcount != 1:  # type: ignore[attr-defined]
        return None
    return operation_logs.to_model(session.get_one(_Log, candidate.id))
