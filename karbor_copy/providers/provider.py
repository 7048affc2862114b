# SPDX-License-Identifier: Apache-2.0
"""A provider: one bank plus plugins in one availability zone or region."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from typing import Any
from typing import Literal

from oslo_config import cfg

from karbor_copy import exceptions
from karbor_copy.banks import base as bank_base
from karbor_copy.banks import create_only
from karbor_copy.banks import loader as bank_loader
from karbor_copy.data_models import parameters as parameter_keys
from karbor_copy.data_models import plan
from karbor_copy.data_models import resource as resource_model
from karbor_copy.plugins import base as plugin_base
from karbor_copy.providers import schemas

Operation = Literal["protect", "restore", "verify", "copy", "delete"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """What one file of ``providers.d`` says.

    ``targets`` are the providers that this one may copy to, the first is
    the default; ``verify`` is how written copies are checked. Who deletes
    what failed copies leave in this one's bank is ``target_cleanup``: this
    service's worker, or only a service of its own region. ``plugins`` and
    ``plugin_names`` map a resource type to its plugin's class and name.
    """

    id: str
    name: str
    description: str
    region: str
    targets: tuple[str, ...]
    verify: Literal["read_back", "checksum"]
    target_cleanup: Literal["worker", "local"] = "worker"
    bank_name: str
    bank_options: Mapping[str, Any] = field(repr=False)
    plugins: Mapping[str, type[plugin_base.ProtectionPlugin]]
    plugin_names: Mapping[str, str]
    config: cfg.ConfigOpts = field(repr=False, compare=False)
    _supported: dict[tuple[str, str], bool] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @property
    def resource_types(self) -> tuple[str, ...]:
        """Return the types that the provider has plugins for, sorted."""
        return tuple(sorted(self.plugins))

    def new_plugin(self, resource_type: str) -> plugin_base.ProtectionPlugin:
        """Return a fresh plugin for one flow.

        :raises ProtectionPluginNotFound: none serves the type.
        """
        return self._plugin_class(resource_type)(self.config)

    def make_bank(self) -> bank_base.Bank:
        """Return a new handle of the provider's bank.

        :raises InvalidBank: its options do not make a bank.
        """
        bank = bank_loader.load(self.bank_name, self.bank_options)
        return create_only.CreateOnlyBank(bank) if self.create_only else bank

    @property
    def create_only(self) -> bool:
        """Tell whether this service only adds to the provider's bank."""
        return self.target_cleanup == "local"

    def check_changeable(self) -> None:
        """Let go on who would change or delete what is in the bank.

        :raises Conflict: this service only adds to it.
        """
        if self.create_only:
            raise exceptions.Conflict(
                reason=f"What provider {self.id} holds is deleted, reset and"
                " repaired by the service of its own region only."
            )

    def supports(self, operation: Operation, resource_type: str) -> bool:
        """Tell whether the type's plugin has an operation; asked once."""
        key = (operation, resource_type)
        if key not in self._supported:
            self._supported[key] = self._ask(operation, resource_type)
        return self._supported[key]

    def _ask(self, operation: Operation, resource_type: str) -> bool:
        if resource_type not in self.plugins:
            return False
        plugin = self.new_plugin(resource_type)
        # NOTE: a plugin answers for the type, whatever the resource.
        some = resource_model.Resource(resource_type, "", "")
        try:
            getattr(plugin, f"get_{operation}_operation")(some)
        except NotImplementedError:
            return False
        return True

    def extended_info_schema(self) -> dict[str, dict[str, Any]]:
        """Return every schema of every type, as the API shows them."""
        return {
            f"{kind}_schema": {
                resource_type: dict(self._schema(kind, resource_type))
                for resource_type in self.resource_types
            }
            for kind in schemas.SHOWN
        }

    def check_parameters(
        self, kind: schemas.KindName, parameters: plan.Parameters
    ) -> None:
        """Check parameters against the schemas of the types they name.

        :raises Invalid: naming the field and what is wrong with it.
        """
        for key, properties in parameters.items():
            try:
                resource_type, _ = parameter_keys.split_key(key)
            except ValueError as error:
                raise exceptions.Invalid(
                    reason=f"parameters: {key!r}: {error}"
                ) from error
            self._check_type(key, resource_type, properties)
            if resource_type in self.plugins:
                schema = self._schema(kind, resource_type)
                schemas.check(key, properties or {}, schema)

    def _check_type(
        self,
        key: str,
        resource_type: str,
        properties: Mapping[str, Any] | None,
    ) -> None:
        if resource_type in self.plugins:
            return
        if resource_type not in resource_model.RESOURCE_TYPES:
            raise exceptions.Invalid(
                reason=f"parameters: {key!r}: the resource type is unknown"
            )
        if properties:
            raise exceptions.Invalid(
                reason=f"parameters: {key!r}: provider {self.id} has no "
                "plugin for the resource type, so only {} may stand here"
            )

    def _schema(self, kind: str, resource_type: str) -> Mapping[str, Any]:
        plugin = self._plugin_class(resource_type)
        schema: Mapping[str, Any] = getattr(plugin, f"get_{kind}_schema")(
            resource_type
        )
        return schema

    def _plugin_class(
        self, resource_type: str
    ) -> type[plugin_base.ProtectionPlugin]:
        try:
            return self.plugins[resource_type]
        except KeyError as error:
            raise exceptions.ProtectionPluginNotFound(
                resource_type=resource_type
            ) from error
