# SPDX-License-Identifier: Apache-2.0
"""The row of a copy request, and its values."""

import uuid
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy import orm

from karbor_copy.data_models import copy_request
from karbor_copy.data_models import status
from karbor_copy.db import functions
from karbor_copy.db import insertions
from karbor_copy.db import models
from karbor_copy.db import parents

_Copy = models.Copy

_FIELDS: Final = tuple(
    name for name in copy_request.Copy.__dataclass_fields__ if name != "counts"
)
#: What the parameters of an INSERT are called: as those of the request's
#: other rows where the value is the same.
_PARAMETERS: Final = {name: name for name in _FIELDS} | {
    name: f"copy_{name}" for name in ("id", "status", "created_at")
}
_INSERT: Final = insertions.from_select(
    _Copy,
    {
        name: sa.bindparam(parameter, type_=getattr(_Copy, name).type)
        for name, parameter in _PARAMETERS.items()
    },
)


def new(request: copy_request.CopyRequest) -> copy_request.Copy:
    """Return the value of a new request, not stored yet."""
    return copy_request.Copy(
        id=str(uuid.uuid4()),
        project_id=request.project_id,
        provider_id=request.provider_id,
        target_provider_id=request.target_provider_id,
        plan_id=request.plan_id,
        parameters={
            key: dict(value) for key, value in request.parameters.items()
        },
        status=status.CopyStatus.WAIT_COPYING,
        created_at=functions.utcnow(),
        updated_at=None,
        counts={},
    )


def insertion(copy: copy_request.Copy) -> insertions.Insertion:
    """Return what stores a new request."""
    return insertions.Insertion(
        _INSERT,
        {
            parameter: getattr(copy, name)
            for name, parameter in _PARAMETERS.items()
        },
    )


def to_models(
    session: orm.Session, rows: Sequence[models.Copy]
) -> list[copy_request.Copy]:
    """Return the values of rows, with their members counted."""
    counts = parents.counts(session, [row.id for row in rows])
    return [to_model(row, counts[row.id]) for row in rows]


def to_model(
    row: models.Copy, counts: Mapping[status.CopyStatus, int]
) -> copy_request.Copy:
    """Return the value of a row; ``counts`` are its members by status."""
    return copy_request.Copy(
        id=row.id,
        project_id=row.project_id,
        provider_id=row.provider_id,
        target_provider_id=row.target_provider_id,
        plan_id=row.plan_id,
        parameters=row.parameters,
        status=status.CopyStatus(row.status),
        created_at=row.created_at,
        updated_at=row.updated_at,
        counts=counts,
    )
