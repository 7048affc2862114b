# SPDX-License-Identifier: Apache-2.0
"""One row of the catalogue: found, locked, turned into its value."""

import sqlalchemy as sa
from sqlalchemy import orm

from karbor_copy import exceptions
from karbor_copy.data_models import checkpoint
from karbor_copy.data_models import status
from karbor_copy.db import models

_Row = models.Checkpoint


def to_model(row: models.Checkpoint) -> checkpoint.Checkpoint:
    """Return the value of a row."""
    origin = row.extra_info.get("copied_from")
    return checkpoint.Checkpoint(
        id=row.id,
        project_id=row.project_id,
        provider_id=row.provider_id,
        plan_id=row.plan_id,
        status=status.CheckpointStatus(row.status),
        created_at=row.created_at,
        timestamp=row.timestamp,
        protection_plan=row.protection_plan,
        resource_graph=row.resource_graph,
        extra_info=row.extra_info,
        copied_from=(
            None
            if row.copied_from is None
            else checkpoint.CopiedFrom(
                provider_id=origin["provider_id"] if origin else "",
                checkpoint_id=row.copied_from,
            )
        ),
        resource_types=tuple(filter(None, row.resource_types.split(","))),
        committed_at=row.committed_at,
        size=row.size,
    )


def one(
    project_id: str, provider_id: str, checkpoint_id: str
) -> sa.Select[models.Checkpoint]:
    """Return the query of a checkpoint of a project and provider."""
    return sa.select(_Row).where(
        _Row.id == checkpoint_id,
        _Row.project_id == project_id,
        _Row.provider_id == provider_id,
    )


def lock(
    session: orm.Session,
    project_id: str,
    provider_id: str,
    checkpoint_id: str,
) -> models.Checkpoint:
    """Lock a checkpoint's row until the transaction ends.

    :raises CheckpointNotFound: none such in this project and provider.
    """
    row = session.scalars(
        one(project_id, provider_id, checkpoint_id).with_for_update()
    ).one_or_none()
    if row is None:
        raise exceptions.CheckpointNotFound(checkpoint_id=checkpoint_id)
    return row
