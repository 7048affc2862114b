# SPDX-License-Identifier: Apache-2.0
"""What the controllers check of resource types and parameters."""

from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any

from karbor_copy import exceptions
from karbor_copy.data_models import parameters as parameter_keys
from karbor_copy.data_models import plan as plan_model
from karbor_copy.providers import provider as provider_model
from karbor_copy.providers import schemas


def read(
    body: Mapping[str, Any],
    provider: provider_model.Provider,
    kind: schemas.KindName,
) -> plan_model.Parameters:
    """Return a body's parameters, checked by the schemas of the plugins.

    :raises Invalid: naming the key, and what is wrong with it.
    """
    try:
        given = parameter_keys.canonical(body.get("parameters", {}))
    except ValueError as error:
        raise exceptions.Invalid(f"parameters: {error}") from error
    provider.check_parameters(kind, given)
    return given


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
