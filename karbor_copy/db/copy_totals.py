# SPDX-License-Identifier: Apache-2.0
"""What a copy request has come to, all its members together."""

from collections.abc import Mapping
from typing import Final

import sqlalchemy as sa
from sqlalchemy import orm

from karbor_copy.data_models import copy_request
from karbor_copy.db import copy_rows
from karbor_copy.db import engine
from karbor_copy.db import models

_Child = models.CheckpointCopy
_Member = models.CopyMember

_COLUMNS: Final = (
    _Child.bytes_total,
    _Child.bytes_copied,
    _Child.bytes_skipped,
    _Child.bytes_reused,
    _Child.objects_total,
    _Child.objects_copied,
)


@engine.reader
def read(
    session: orm.Session, copy_id: str
) -> tuple[copy_request.Copy, Mapping[str, int]]:
    """Return a request, and the sums of its members' figures."""
    row = session.get_one(models.Copy, copy_id)
    sums = session.execute(
        sa.select(
            *(
                sa.func.coalesce(sa.func.sum(column), 0).label(column.key)
                for column in _COLUMNS
            )
        )
        .select_from(_Member)
        .join(_Child, _Child.id == _Member.checkpoint_copy_id)
        .where(_Member.copy_id == copy_id)
    ).one()
    (copy,) = copy_rows.to_models(session, [row])
    # PostgreSQL and MariaDB add up to decimals.
    return copy, {name: int(value) for name, value in sums._mapping.items()}
