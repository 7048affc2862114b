# SPDX-License-Identifier: Apache-2.0
"""A plugin for servers with volumes that tells what was asked of it."""

import collections
import threading
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

from karbor_copy import context as request_context
from karbor_copy.data_models import resource as resource_model
from karbor_copy.data_models import status
from karbor_copy.plugins import bank_copy
from karbor_copy.plugins import bank_data
from karbor_copy.plugins import base

SERVER = "OS::Nova::Server"
VOLUME = "OS::Cinder::Volume"
IMAGE = "OS::Glance::Image"


class Call(NamedTuple):
    """A hook as it began or ended; ``moment`` orders them all."""

    moment: str
    operation: str
    hook: str
    key: str
    parameters: Mapping[str, Any]


class Cloud:
    """What there is, and what was done; one for the whole process.

    ``children`` maps a resource's id to what hangs from it; of the ids in
    ``refused`` no copy is made, which shows only when it is asked for.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self.children: dict[str, list[resource_model.Resource]] = (
            collections.defaultdict(list)
        )
        self.calls: list[Call] = []
        self.refused: set[str] = set()
        self.gone = False

    def told(
        self, moment: str, operation: str, hook: str, **kwargs: Any
    ) -> None:
        """Remember a call."""
        with self.lock:
            self.calls.append(
                Call(
                    moment,
                    operation,
                    hook,
                    kwargs["resource"].key,
                    kwargs["parameters"],
                )
            )


CLOUD = Cloud()


class _Hooks(base.Operation):
    """All four hooks, told."""

    name = ""

    def on_prepare_begin(self, **kwargs: Any) -> None:
        self._do("on_prepare_begin", kwargs)

    def on_prepare_finish(self, **kwargs: Any) -> None:
        self._do("on_prepare_finish", kwargs)

    def on_main(self, **kwargs: Any) -> None:
        self._do("on_main", kwargs)

    def on_complete(self, **kwargs: Any) -> None:
        self._do("on_complete", kwargs)

    def _do(self, hook: str, kwargs: dict[str, Any]) -> None:
        CLOUD.told("begin", self.name, hook, **kwargs)
        if hook == "on_main":
            self.work(**kwargs)
        CLOUD.told("end", self.name, hook, **kwargs)

    def work(self, **kwargs: Any) -> None:
        """Do what the operation is for."""


class _Protect(_Hooks):
    name = "protect"

    def work(self, *, checkpoint: Any, resource: Any, **kwargs: Any) -> None:
        section = checkpoint.get_resource_bank_section(resource.id)
        # Resources of two types that have one id have one section, too.
        kind = resource.type.rpartition(":")[2].lower()
        with section.batch() as writer:
            for name, data in (
                (f"data_{kind}", resource.key.encode()),
                (bank_copy.STATUS_NAME, status.ResourceStatus.AVAILABLE),
            ):
                value = data if isinstance(data, bytes) else data.encode()
                writer.put(name, (value,), size=len(value))


class _Copy(_Hooks):
    name = "copy"

    def work(self, **kwargs: Any) -> None:
        bank_copy.BankCopyOperation().on_main(**kwargs)


class StackPlugin(bank_data.BankDataPlugin):
    """Servers, volumes and images; a server's volumes hang from it."""

    @classmethod
    def get_supported_resources_types(cls) -> Sequence[str]:
        return (SERVER, VOLUME, IMAGE)

    @classmethod
    def get_options_schema(cls, resources_type: str) -> Mapping[str, Any]:
        return {
            "type": "object",
            "properties": {"consistent": {"type": "boolean"}},
        }

    @classmethod
    def get_copy_schema(cls, resources_type: str) -> Mapping[str, Any]:
        return {
            "type": "object",
            "properties": {"priority": {"type": "integer"}},
        }

    def get_protect_operation(
        self, resource: resource_model.Resource
    ) -> base.Operation:
        return _Protect()

    def get_copy_operation(
        self, resource: resource_model.Resource
    ) -> base.Operation:
        if resource.id in CLOUD.refused:
            raise NotImplementedError("this one can't be copied")
        return _Copy()

    def get_restore_operation(
        self, resource: resource_model.Resource
    ) -> base.Operation:
        return base.Operation()

    def get_parent_resource_types(self, resource_type: str) -> Sequence[str]:
        return (SERVER,) if resource_type in (VOLUME, IMAGE) else ()

    def get_dependent_resources(
        self,
        context: request_context.RequestContext,
        parent: resource_model.Resource,
    ) -> Sequence[resource_model.Resource]:
        if CLOUD.gone:
            raise AssertionError("a copy asks nothing of the live cloud")
        return CLOUD.children[parent.id]


class PointerPlugin(base.ProtectionPlugin):
    """Images of which the bank holds a mere pointer: no copy."""

    @classmethod
    def get_supported_resources_types(cls) -> Sequence[str]:
        return (IMAGE,)

    def get_protect_operation(
        self, resource: resource_model.Resource
    ) -> base.Operation:
        return _Protect()


STACK = f"{__name__}.StackPlugin"
POINTER = f"{__name__}.PointerPlugin"
