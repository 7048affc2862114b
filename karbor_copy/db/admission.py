# SPDX-License-Identifier: Apache-2.0
"""How many checkpoint copies of a project may be open at the same time.

The oldest plan of a project stands for the project: only who holds its lock
adds to what is open. It is locked before the plan that is to be copied.
"""

import sys
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy import orm

from karbor_copy import exceptions
from karbor_copy.data_models import status
from karbor_copy.db import models

_Child = models.CheckpointCopy
_Plan = models.Plan

_LOCK: Final = (
    sa.select(_Plan.id)
    .where(_Plan.project_id == sa.bindparam("project_id"))
    .order_by(_Plan.created_at, _Plan.id)
    .limit(1)
    .with_for_update()
)
_OPEN: Final = (
    sa.select(sa.func.count())
    .select_from(_Child)
    .where(
        _Child.project_id == sa.bindparam("project_id"),
        _Child.status.in_(status.OPEN_COPY_STATUSES),
    )
)


@dataclass(frozen=True, slots=True)
class Room:
    """How many more may be opened, and how many there may be in all."""

    left: int
    limit: int

    def check(self, opened: int) -> None:
        """:raises TooManyCopies: so many more are too many."""
        if opened > self.left:
            raise exceptions.TooManyCopies(limit=self.limit)


def room(session: orm.Session, project_id: str, limit: int) -> Room:
    """Return what a project has left until this transaction ends.

    A limit of 0 is none.
    """
    if not limit:
        return Room(sys.maxsize - 1, limit)
    connection = session.connection()
    connection.execute(_LOCK, {"project_id": project_id}).all()
    found = connection.execute(_OPEN, {"project_id": project_id}).scalar_one()
    return Room(max(limit - found, 0), limit)
