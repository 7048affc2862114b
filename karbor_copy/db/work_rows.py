# SPDX-License-Identifier: Apache-2.0
"""Rows by id for the workers: what an operation log points at."""

from typing import Final

import sqlalchemy as sa
from sqlalchemy import orm

from karbor_copy import exceptions
from karbor_copy.data_models import checkpoint as checkpoint_model
from karbor_copy.data_models import copy_request
from karbor_copy.data_models import restore as restore_model
from karbor_copy.data_models import status
from karbor_copy.db import checkpoint_copies
from karbor_copy.db import checkpoint_rows
from karbor_copy.db import engine
from karbor_copy.db import models
from karbor_copy.db import restores
from karbor_copy.db import verifications

_Row = models.Checkpoint


@engine.reader
def checkpoint(
    session: orm.Session, checkpoint_id: str
) -> checkpoint_model.Checkpoint:
    """Return a row of the catalogue.

    :raises CheckpointNotFound: there is none.
    """
    row = session.get(models.Checkpoint, checkpoint_id)
    if row is None:
        raise exceptions.CheckpointNotFound(checkpoint_id=checkpoint_id)
    return checkpoint_rows.to_model(row)


_NEWEST_BEFORE: Final = (
    sa.select(_Row.id)
    .where(
        _Row.plan_id == sa.bindparam("plan_id"),
        _Row.provider_id == sa.bindparam("provider_id"),
        _Row.project_id == sa.bindparam("project_id"),
        _Row.status == status.CheckpointStatus.AVAILABLE,
        _Row.timestamp <= sa.bindparam("timestamp"),
        _Row.id != sa.bindparam("id"),
    )
    .order_by(_Row.timestamp.desc(), _Row.id)
    .limit(1)
)


@engine.reader
def newest_before(
    session: orm.Session, row: checkpoint_model.Checkpoint
) -> str | None:
    """Return the id of the checkpoint that came before this one.

    Of the same plan, in the bank of the same provider, and available.
    """
    return session.scalar(
        _NEWEST_BEFORE,
        {
            "plan_id": row.plan_id,
            "provider_id": row.provider_id,
            "project_id": row.project_id,
            "timestamp": row.timestamp,
            "id": row.id,
        },
    )


@engine.reader
def checkpoint_copy(
    session: orm.Session, row_id: str
) -> copy_request.CheckpointCopy:
    """Return a checkpoint copy by its own id, which is its log's.

    :raises CopyNotFound: there is none.
    """
    row = session.get(models.CheckpointCopy, row_id)
    if row is None:
        raise exceptions.CopyNotFound(copy_id=row_id)
    return checkpoint_copies.to_model(row)


@engine.reader
def restore(session: orm.Session, restore_id: str) -> restore_model.Restore:
    """Return a restore.

    :raises RestoreNotFound: there is none.
    """
    row = session.get(models.Restore, restore_id)
    if row is None:
        raise exceptions.RestoreNotFound(restore_id=restore_id)
    return restores.to_model(row)


@engine.reader
def verification(
    session: orm.Session, verification_id: str
) -> restore_model.Verification:
    """Return a verification.

    :raises VerificationNotFound: there is none.
    """
    row = session.get(models.Verification, verification_id)
    if row is None:
        raise exceptions.VerificationNotFound(verification_id=verification_id)
    return verifications.to_model(row)
