# SPDX-License-Identifier: Apache-2.0
"""Whether an open operation uses a checkpoint."""

from typing import Any

import sqlalchemy as sa

from karbor_copy.data_models import status
from karbor_copy.db import models


def in_use(checkpoint_id: Any) -> sa.ColumnElement[bool]:
    """Return the condition that an open operation uses this checkpoint.

    As what it makes, reads or deletes, or as the source of an open copy.
    Clean-up does not count: it never touches what lives.
    """
    log = models.OperationLog
    child = models.CheckpointCopy
    as_checkpoint = sa.exists().where(
        log.checkpoint_id == checkpoint_id,
        log.state != status.OperationState.SETTLED,
        log.operation_type != status.OperationType.CLEANUP,
    )
    as_source = sa.exists().where(
        child.checkpoint_id == checkpoint_id,
        child.status.in_(status.OPEN_COPY_STATUSES),
    )
    return sa.or_(as_checkpoint, as_source)
