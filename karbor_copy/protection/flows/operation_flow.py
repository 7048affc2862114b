# SPDX-License-Identifier: Apache-2.0
"""The flow of every operation: first task, one a hook and resource, last."""

from collections.abc import Iterator
from collections.abc import Mapping
from typing import NamedTuple

from taskflow.patterns import graph_flow
from taskflow.patterns import linear_flow

from karbor_copy.data_models import resource
from karbor_copy.data_models import status
from karbor_copy.plugins import base
from karbor_copy.protection import work as work_module
from karbor_copy.protection.flows import hook_graph
from karbor_copy.protection.tasks import copy_tasks
from karbor_copy.protection.tasks import delete_tasks
from karbor_copy.protection.tasks import lifecycle
from karbor_copy.protection.tasks import protect_tasks
from karbor_copy.protection.tasks import resource_tasks
from karbor_copy.protection.tasks import use_tasks

_Type = status.OperationType


class _Parts(NamedTuple):
    """What differs between the types; ``getter`` is the plugin's method."""

    initiate: type[lifecycle.InitiateTask]
    complete: type[lifecycle.CompleteTask]
    getter: str
    resource_task: type[resource_tasks.ResourceTask]


_PARTS: Mapping[_Type, _Parts] = {
    _Type.PROTECT: _Parts(
        protect_tasks.InitiateProtectTask,
        protect_tasks.CompleteProtectTask,
        "get_protect_operation",
        resource_tasks.ResourceTask,
    ),
    _Type.COPY: _Parts(
        copy_tasks.InitiateCopyTask,
        copy_tasks.CompleteCopyTask,
        "get_copy_operation",
        resource_tasks.ResourceTask,
    ),
    _Type.RESTORE: _Parts(
        use_tasks.InitiateUseTask,
        use_tasks.CompleteUseTask,
        "get_restore_operation",
        resource_tasks.RestoreTask,
    ),
    _Type.VERIFY: _Parts(
        use_tasks.InitiateUseTask,
        use_tasks.CompleteUseTask,
        "get_verify_operation",
        resource_tasks.VerifyTask,
    ),
    _Type.DELETE: _Parts(
        delete_tasks.InitiateDeleteTask,
        delete_tasks.CompleteDeleteTask,
        "get_delete_operation",
        resource_tasks.ResourceTask,
    ),
}


def build_flow(work: work_module.Work) -> linear_flow.Flow:
    """Return the flow of one operation on one checkpoint.

    All atoms stand in one graph: taskflow takes 10 s for 2,400 of them, but
    many minutes when they come as several graphs in a row.

    :raises NotImplementedError: the plugin of a resource has no such
        operation.
    :raises ProtectionPluginNotFound: the provider has no plugin for it.
    """
    kind = work.operation.log.operation_type
    parts = _PARTS[kind]
    graph = graph_flow.Flow(f"ResourceGraphFlow_{kind}")
    graph.add(*_resource_tasks(work, parts))
    flow = linear_flow.Flow(f"{kind}:{work.operation.id}")
    flow.add(parts.initiate(work), graph, parts.complete(work))
    return flow


def _resource_tasks(
    work: work_module.Work, parts: _Parts
) -> Iterator[resource_tasks.ResourceTask]:
    nodes = {node.key: node for node in work.graph.nodes}
    operations = {
        key: _operation(work, parts.getter, node)
        for key, node in nodes.items()
    }
    hooks = {key: defined_hooks(item) for key, item in operations.items()}
    kind = work.operation.log.operation_type
    for atom, before in hook_graph.HookGraph(work.graph, hooks).atoms():
        yield parts.resource_task(
            _name(kind, atom),
            work=work,
            resource=nodes[atom.key],
            operation=operations[atom.key],
            hook=atom.hook,
            after=sorted(_name(kind, earlier) for earlier in before),
            last=hooks[atom.key][-1],
        )


def _operation(
    work: work_module.Work, getter: str, node: resource.Resource
) -> base.Operation:
    operation: base.Operation = getattr(work.plugin(node.type), getter)(node)
    return operation


def _name(kind: str, atom: hook_graph.Atom) -> str:
    return f"{kind}:{atom.hook}:{atom.key}"


def defined_hooks(operation: base.Operation) -> tuple[str, ...]:
    """Return the hooks that the operation overrides, in their order.

    An operation of a vendor that does not derive from ours counts with
    whatever of the hooks it has.
    """
    defaults: Mapping[str, object] = vars(base.Operation)
    return tuple(
        hook
        for hook in base.HOOKS
        if getattr(type(operation), hook, defaults[hook]) is not defaults[hook]
    )
