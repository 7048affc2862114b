# SPDX-License-Identifier: Apache-2.0
"""Which operation a worker takes next: fair between projects.

What another worker has lost comes first. Then it is the turn of the project
with the least at work, and of those the one after that which had the last
turn; within a project the oldest goes first. So a project with thousands of
operations delays another's only one by no more than one operation.

No worker waits for another here: a candidate that is locked is skipped, and
each claim repeats in its UPDATE all that made it a candidate.
"""

from typing import Final

import sqlalchemy as sa
from sqlalchemy import orm

from karbor_copy.data_models import operation_log
from karbor_copy.data_models import status
from karbor_copy.db import candidates
from karbor_copy.db import engine
from karbor_copy.db import functions
from karbor_copy.db import models
from karbor_copy.db import operation_logs

_Log = models.OperationLog
_State = status.OperationState

#: How often a claim looks again when others have taken all that it saw. They
#: may be many, and a worker that gives up has free slots until its next poll.
_ROUNDS: Final = 5

_NOW: Final = functions.now_ms()
_CLAIMABLE: Final = (
    _Log.id == sa.bindparam("log_id"),
    _Log.epoch == sa.bindparam("seen"),
    _Log.state.in_(status.OPEN_STATES),
    operation_logs.KNOWN,
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


class Claimer:
    """Takes operations for one worker."""

    def __init__(
        self, worker: candidates.Worker, *, owner: str, lease: float
    ) -> None:
        """Take what it can do, its name, and a lease's seconds."""
        self._worker = worker
        self._owner = owner
        self._lease = lease
        #: The project that had the last turn.
        self._last = ""
        self._turns = 0

    def claim(self) -> operation_log.OperationLog | None:
        """Take the operation whose turn it is; None when there is none.

        There is none for a host that was disabled. A queued one becomes
        ``running``; one that its worker lost keeps its state and gets a new
        epoch.
        """
        for _ in range(_ROUNDS):
            found = candidates.survey(self._worker, self._last)
            if found is None or not found.crowded:
                break
            for candidate in self._ordered(found):
                taken = _take(candidate, self._owner, self._lease)
                if taken is not None:
                    self._last = taken.project_id
                    self._turns += 1
                    return taken
        return None

    def _ordered(self, found: candidates.Survey) -> list[candidates.Candidate]:
        """Return the candidates; what was delayed has every second turn."""
        kinds = [found.waiting, found.delayed]
        if self._turns % 2:
            kinds.reverse()
        queued = [candidate for kind in kinds for candidate in kind]
        # Stable: of equals it is the turn of the first.
        queued.sort(key=lambda candidate: found.load[candidate.project_id])
        return [*found.lost, *queued]


def take_lost(
    log_id: str, epoch: int, owner: str, lease: float
) -> operation_log.OperationLog | None:
    """Take one operation whose lease has run out; None if it has not."""
    return _take(candidates.Candidate(log_id, epoch, ""), owner, lease)


@engine.writer
def _take(
    session: orm.Session,
    candidate: candidates.Candidate,
    owner: str,
    lease: float,
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
