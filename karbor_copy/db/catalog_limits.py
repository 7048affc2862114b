# SPDX-License-Identifier: Apache-2.0
"""Whether what was found in a bank fits into the columns of the tables."""

from collections.abc import Mapping
from typing import Any

from karbor_copy.data_models import checkpoint
from karbor_copy.data_models import plan as plan_model
from karbor_copy.db import models


def check_checkpoint(found: checkpoint.Checkpoint) -> None:
    """Refuse a checkpoint that the catalogue can't hold.

    :raises ValueError: naming the column.
    """
    row = models.Checkpoint
    _check(row.project_id, found.project_id)
    _check(row.plan_id, found.plan_id)
    _check(row.resource_types, ",".join(found.resource_types))
    if found.copied_from is not None:
        _check(row.copied_from, found.copied_from.checkpoint_id)
        origin = models.CheckpointCopy.provider_id
        _check(origin, found.copied_from.provider_id)


def check_plan(plan: plan_model.Plan) -> None:
    """Refuse a plan that its tables can't hold.

    :raises ValueError: naming the column.
    """
    _check(models.Plan.id, plan.id)
    _check(models.Plan.project_id, plan.project_id)
    _check(models.Plan.provider_id, plan.provider_id)
    row = models.PlanResource
    for item in plan.resources:
        _check(row.resource_type, item.type)
        _check(row.resource_id, item.id)
        _check(row.resource_name, item.name)
        if not isinstance(item.extra_info, Mapping | None):
            raise ValueError("extra_info of a resource is no object")


def _check(column: Any, value: object) -> None:
    if not isinstance(value, str):
        raise ValueError(f"{column.key} is no text")
    if len(value) > column.type.length:
        raise ValueError(
            f"{column.key} has more than {column.type.length} characters"
        )
