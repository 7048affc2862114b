# SPDX-License-Identifier: Apache-2.0
"""The plugin that protects nothing, for tests and for grouping resources."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from karbor_copy.banks import section as bank_section
from karbor_copy.data_models import resource as resource_model
from karbor_copy.plugins import bank_copy
from karbor_copy.plugins import bank_data
from karbor_copy.plugins import base


class NoopCopyOperation(bank_copy.BankCopyOperation):
    """Copies what the section holds, which may rightly be nothing."""

    def check_source(
        self, source: bank_section.BankSection, listing: bank_copy.Listing
    ) -> None:
        """Check a section that no manifest vouches for, unless empty."""
        if listing:
            super().check_source(source, listing)


class NoopProtectionPlugin(bank_data.BankDataPlugin):
    """Succeeds at everything, for all of Karbor's resource types.

    Its schemas are empty, which means that any parameters are accepted.
    """

    KEEPS_STATUS = False

    @classmethod
    def get_supported_resources_types(cls) -> Sequence[str]:
        """Return all of Karbor's resource types."""
        return resource_model.RESOURCE_TYPES

    def get_protect_operation(
        self, resource: resource_model.Resource
    ) -> base.Operation:
        """Return an operation that does nothing."""
        return base.Operation()

    def get_restore_operation(
        self, resource: resource_model.Resource
    ) -> base.Operation:
        """Return an operation that does nothing."""
        return base.Operation()

    def get_verify_operation(
        self, resource: resource_model.Resource
    ) -> base.Operation:
        """Return an operation that does nothing."""
        return base.Operation()

    def get_delete_operation(
        self, resource: resource_model.Resource
    ) -> base.Operation:
        """Return an operation that does nothing."""
        return base.Operation()

    def get_copy_operation(
        self, resource: resource_model.Resource
    ) -> base.Operation:
        """Return the operation that copies whatever the section holds."""
        return NoopCopyOperation()

    @classmethod
    def get_copy_schema(cls, resources_type: str) -> Mapping[str, Any]:
        """Return a schema that accepts anything."""
        return {}

    @classmethod
    def get_verify_schema(cls, resources_type: str) -> Mapping[str, Any]:
        """Return a schema that accepts anything."""
        return {}
