# SPDX-License-Identifier: Apache-2.0
"""The contract for vendors: what a protection plugin is and what it sees.

Class, method and keyword names are Karbor's, so that a plugin written for
Karbor needs only its imports changed. What a plugin must know:

* Every hook is called with keyword arguments by name; take ``**kwargs`` so
  that new ones do no harm. ``on_main`` of different resources run in
  parallel threads; a fresh plugin instance serves each flow.
* A worker may die at any moment and another runs the operation again from
  its beginning, so every hook must be idempotent. Of a protect, only the
  objects that the present attempt has put count.
* Long work calls ``transfer.check()`` between pieces: it raises
  ``OperationStopped`` when the operation was cancelled, drained or taken
  over. Let that error pass.
* To fail, raise; the message is shown to the user, so keep secrets and
  host names out of it. ``BankUnavailable`` is tried again with a pause.
"""

import abc
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import ClassVar
from typing import Protocol

from oslo_config import cfg

from karbor_copy import context as request_context
from karbor_copy.data_models import resource as resource_model


class Operation:
    """What a plugin does to one resource; all hooks are optional.

    Order over the graph: a parent's ``on_prepare_begin`` before its
    children's; a child's ``on_prepare_finish`` before its parent's; each
    node's ``on_main`` after its own ``on_prepare_finish``, in parallel with
    all others; a child's ``on_complete`` before its parent's. A hook that is
    not overridden costs nothing.

    All hooks get ``checkpoint, resource, context, parameters,
    operation_log, transfer``; further a restore ``restore`` and
    ``new_resources`` (original id to new id), a verify ``verify`` and
    ``new_resources``, a copy ``checkpoint_copy``.

    ``*args`` stands here so that type checkers let a plugin name the
    arguments that it uses; nothing is ever passed by position.
    """

    def on_prepare_begin(self, *args: Any, **kwargs: Any) -> None:
        """Prepare what the children need to have in place first."""

    def on_prepare_finish(self, *args: Any, **kwargs: Any) -> None:
        """Finish preparing, after the children have."""

    def on_main(self, *args: Any, **kwargs: Any) -> None:
        """Do the work."""

    def on_complete(self, *args: Any, **kwargs: Any) -> None:
        """Tidy up, after the children have."""


#: In the order in which they run on one resource.
HOOKS = ("on_prepare_begin", "on_prepare_finish", "on_main", "on_complete")


class OperationLog(Protocol):
    """What a hook sees of its operation log.

    ``epoch`` is the number of this attempt: no other attempt ever has it.
    """

    @property
    def id(self) -> str:
        """Return the operation log's id."""

    @property
    def epoch(self) -> int:
        """Return the number of this attempt."""


class ResourceRecord(Protocol):
    """The restore or verification that a hook works for."""

    @property
    def id(self) -> str:
        """Return the record's id."""

    @property
    def project_id(self) -> str:
        """Return the owner's project."""

    def update_resource_status(
        self,
        resource_type: str,
        resource_id: str,
        status: str,
        reason: str | None = None,
    ) -> None:
        """Tell users how it goes with one resource."""

    def save(self) -> None:
        """Do nothing; for plugins written for Karbor, which call it."""


class ProtectionPlugin(abc.ABC):
    """Knows how to protect some types of resource.

    An operation that the plugin does not have raises NotImplementedError;
    the request for it is then refused with the type's name.
    """

    #: oslo.config options, registered by the registry under ``GROUP`` in
    #: the provider's own file; read them as ``config[GROUP].name``.
    OPTS: ClassVar[Sequence[cfg.Opt]] = ()
    GROUP: ClassVar[str | None] = None
    #: Whether each finished resource has a ``status`` in its bank section,
    #: ``available``, so that one without it is known not to be whole.
    KEEPS_STATUS: ClassVar[bool] = False

    def __init__(self, config: cfg.ConfigOpts) -> None:
        """Take the provider file's options."""
        self.config = config
        #: Karbor's name for it.
        self._config = config

    @classmethod
    @abc.abstractmethod
    def get_supported_resources_types(cls) -> Sequence[str]:
        """Return the resource types that this plugin protects."""

    def get_protect_operation(
        self, resource: resource_model.Resource
    ) -> Operation:
        """Return the operation that writes the resource to the bank."""
        raise NotImplementedError

    def get_restore_operation(
        self, resource: resource_model.Resource
    ) -> Operation:
        """Return the operation that makes the resource anew."""
        raise NotImplementedError

    def get_verify_operation(
        self, resource: resource_model.Resource
    ) -> Operation:
        """Return the operation that checks what the bank holds."""
        raise NotImplementedError

    def get_copy_operation(
        self, resource: resource_model.Resource
    ) -> Operation:
        """Return the operation that copies to another provider's bank."""
        raise NotImplementedError

    def get_delete_operation(
        self, resource: resource_model.Resource
    ) -> Operation:
        """Return the operation that deletes what protecting has made."""
        raise NotImplementedError

    @classmethod
    def get_options_schema(cls, resources_type: str) -> Mapping[str, Any]:
        """Return the JSON schema of a plan's parameters for the type."""
        return {}

    @classmethod
    def get_saved_info_schema(cls, resources_type: str) -> Mapping[str, Any]:
        """Return the JSON schema of what ``get_saved_info`` tells."""
        return {}

    @classmethod
    def get_restore_schema(cls, resources_type: str) -> Mapping[str, Any]:
        """Return the JSON schema of a restore's parameters for the type."""
        return {}

    @classmethod
    def get_verify_schema(cls, resources_type: str) -> Mapping[str, Any]:
        """Return the JSON schema of a verification's parameters."""
        return {}

    @classmethod
    def get_copy_schema(cls, resources_type: str) -> Mapping[str, Any]:
        """Return the JSON schema of a copy's parameters for the type."""
        return {}

    @classmethod
    def get_saved_info(
        cls, metadata_store: Any, resource: resource_model.Resource
    ) -> Mapping[str, Any]:
        """Return what users may know of a protected resource."""
        return {}

    def get_parent_resource_types(self, resource_type: str) -> Sequence[str]:
        """Return the types whose resources may have this one's hang off."""
        return ()

    def list_resources(
        self,
        context: request_context.RequestContext,
        resource_type: str,
        parameters: Mapping[str, Any] | None = None,
    ) -> Sequence[resource_model.Resource]:
        """Return the live resources of the type that the caller may see."""
        return ()

    def show_resource(
        self,
        context: request_context.RequestContext,
        resource_type: str,
        resource_id: str,
        parameters: Mapping[str, Any] | None = None,
    ) -> resource_model.Resource | None:
        """Return one live resource, or None if the caller can't see it."""
        return None

    def get_dependent_resources(
        self,
        context: request_context.RequestContext,
        parent: resource_model.Resource,
    ) -> Sequence[resource_model.Resource]:
        """Return the live resources of this plugin that hang off another."""
        return ()
