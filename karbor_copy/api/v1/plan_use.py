# SPDX-License-Identifier: Apache-2.0
"""What protecting and copying ask alike: a plan of this provider."""

from collections.abc import Mapping
from typing import Any

from karbor_copy import exceptions
from karbor_copy.api import call
from karbor_copy.data_models import ids
from karbor_copy.data_models import plan as plan_model
from karbor_copy.db import plans
from karbor_copy.providers import provider as provider_model


def read(
    this: call.Call,
    provider: provider_model.Provider,
    body: Mapping[str, Any],
) -> plan_model.Plan:
    """Return the plan that the body names.

    :raises PlanNotFound: there is none in the caller's project.
    :raises Invalid: it is another provider's.
    """
    plan = plans.get(this.project_id, ids.canonical(body["plan_id"]))
    if plan.provider_id != provider.id:
        raise mismatch("plan")
    return plan


def mismatch(place: str) -> exceptions.Invalid:
    """Return the error of two provider ids that should be one."""
    return exceptions.Invalid(
        f"The provider id is not the same as the value in the {place}."
    )
