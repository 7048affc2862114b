# SPDX-License-Identifier: Apache-2.0
"""What the controllers check of resource types and parameters."""

from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any

from karbor_copy import exceptions
from karbor_copy.data_models import plan as plan_model
from karbor_copy.providers import provider as provider_model


def without_nulls(
    parameters: Mapping[str, Mapping[str, Any] | None],
) -> plan_model.Parameters:
    """Return the parameters with null, which says nothing, as empty."""
    return {key: values or {} for key, values in parameters.items()}


def check_supported(
    provider: provider_model.Provider,
    operation: provider_model.Operation,
    resource_types: Iterable[str],
) -> None:
    """Check that the provider can do this with all of the types.

    :raises Invalid: naming those with which it can't.
    """
    lacking = sorted(
        {
            resource_type
            for resource_type in resource_types
            if not provider.supports(operation, resource_type)
        }
    )
    if lacking:
        raise exceptions.Invalid(
            f"Provider {provider.id} can not {operation} resources of the"
            f" types {', '.join(lacking)}."
        )
