# SPDX-License-Identifier: Apache-2.0
"""A status is given only where the tables say that it may follow."""

import itertools
from typing import Any

import pytest
from sqlalchemy import orm

from karbor_copy.data_models import status
from karbor_copy.db import engine
from karbor_copy.db import models
from karbor_copy.db import transitions
from tests.fixtures import rows

_Row = models.Checkpoint
_STATUSES = tuple(status.CheckpointStatus)


@engine.writer
def move(session: orm.Session, row_id: str, wanted: str, **more: Any) -> int:
    return transitions.move(session, _Row, wanted, _Row.id == row_id, **more)


@pytest.mark.parametrize(
    ("before", "wanted"), list(itertools.product(_STATUSES, _STATUSES))
)
def test_the_table_decides(before: str, wanted: Any) -> None:
    row_id = rows.checkpoint(rows.stored_plan(), status=before)
    allowed = before in status.CHECKPOINT_TRANSITIONS[wanted]
    assert move(row_id, wanted, size=7) == allowed
    [row] = rows.all_of(_Row, id=row_id)
    assert row.status == (wanted if allowed else before)
    assert (row.size == 7) == allowed
    assert (row.updated_at is not None) == allowed
