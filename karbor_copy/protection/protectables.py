# SPDX-License-Identifier: Apache-2.0
"""The graph of live resources that a plan protects."""

from karbor_copy import context as request_context
from karbor_copy.data_models import resource
from karbor_copy.providers import provider as provider_model


def build_graph(
    context: request_context.RequestContext,
    provider: provider_model.Provider,
    resources: tuple[resource.Resource, ...],
) -> resource.ResourceGraph:
    """Follow the dependents of each resource through all plugins.

    Each resource is asked about once, however many depend on it.

    :raises ValueError: the resources depend on each other in a loop.
    """
    nodes = {item.key: item for item in resources}
    children: dict[str, list[str]] = {}
    waiting = list(nodes.values())
    while waiting:
        parent = waiting.pop()
        found = _dependents(context, provider, parent)
        children[parent.key] = [item.key for item in found]
        new = [item for item in found if item.key not in nodes]
        nodes.update((item.key, item) for item in new)
        waiting.extend(new)
    return resource.build_graph(nodes.values(), children)


def _dependents(
    context: request_context.RequestContext,
    provider: provider_model.Provider,
    parent: resource.Resource,
) -> list[resource.Resource]:
    found: list[resource.Resource] = []
    for resource_type in provider.resource_types:
        plugin = provider.new_plugin(resource_type)
        if parent.type in plugin.get_parent_resource_types(resource_type):
            found.extend(
                item
                for item in plugin.get_dependent_resources(context, parent)
                if item.type == resource_type
            )
    return found
