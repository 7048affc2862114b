# SPDX-License-Identifier: Apache-2.0
"""What the answers of all nouns are made of, by name."""

from karbor_copy.api.schemas import checkpoints
from karbor_copy.api.schemas import common
from karbor_copy.api.schemas import copies
from karbor_copy.api.schemas import faults
from karbor_copy.api.schemas import operation_logs
from karbor_copy.api.schemas import plans
from karbor_copy.api.schemas import protectables
from karbor_copy.api.schemas import providers
from karbor_copy.api.schemas import quotas
from karbor_copy.api.schemas import restores
from karbor_copy.api.schemas import services
from karbor_copy.api.schemas import verifications
from karbor_copy.api.schemas import versions

COMPONENTS: dict[str, common.Schema] = {
    **checkpoints.COMPONENTS,
    **copies.COMPONENTS,
    **faults.COMPONENTS,
    **operation_logs.COMPONENTS,
    **plans.COMPONENTS,
    **protectables.COMPONENTS,
    **providers.COMPONENTS,
    **quotas.COMPONENTS,
    **restores.COMPONENTS,
    **services.COMPONENTS,
    **verifications.COMPONENTS,
    **versions.COMPONENTS,
}


def resolve(schema: common.Schema) -> common.Schema:
    """Return the component that a schema refers to, or the schema itself."""
    _, _, name = schema.get("$ref", "").rpartition("/")
    return COMPONENTS[name] if name else schema
