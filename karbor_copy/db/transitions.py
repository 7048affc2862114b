# SPDX-License-Identifier: Apache-2.0
"""Changes of status: the tables of what may follow what, in the UPDATE."""

from collections.abc import Mapping
from typing import Any
from typing import Final

import sqlalchemy as sa
from sqlalchemy import orm

from karbor_copy.data_models import status
from karbor_copy.db import functions
from karbor_copy.db import models

_Table = Mapping[Any, frozenset[Any]]
_Column = orm.InstrumentedAttribute[str]

_RULES: Final[Mapping[type[models.Base], tuple[_Column, _Table]]] = {
    models.Checkpoint: (
        models.Checkpoint.status,
        status.CHECKPOINT_TRANSITIONS,
    ),
    models.CheckpointCopy: (
        models.CheckpointCopy.status,
        status.CHECKPOINT_COPY_TRANSITIONS,
    ),
    models.Copy: (models.Copy.status, status.COPY_TRANSITIONS),
    models.OperationLog: (
        models.OperationLog.state,
        status.OPERATION_TRANSITIONS,
    ),
    models.Restore: (models.Restore.status, status.RECORD_TRANSITIONS),
    models.Verification: (
        models.Verification.status,
        status.RECORD_TRANSITIONS,
    ),
}
#: By model and wanted status: the column, and from what it may change. As
#: literals: a list would be spelled out anew in each execution.
_FROM: Final = {
    (model, wanted): (
        column.key,
        column.in_([sa.literal(item) for item in sorted(before)]),
    )
    for model, (column, table) in _RULES.items()
    for wanted, before in table.items()
}


def move(
    session: orm.Session,
    model: type[models.Base],
    wanted: str,
    /,
    *where: sa.ColumnElement[bool],
    **columns: Any,
) -> int:
    """Give the rows that match this status, where it may follow theirs.

    Other columns change with it. Return how many rows have changed; the
    others stay as they are.
    """
    name, allowed = _FROM[model, wanted]
    now = functions.utcnow()
    moved = session.execute(
        sa.update(models.table(model))
        .where(*where, allowed)
        .values({name: wanted, **columns, "updated_at": now})
    )
    return int(moved.rowcount)  # type: ignore[attr-defined]
