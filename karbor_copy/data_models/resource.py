# SPDX-License-Identifier: Apache-2.0
"""A resource of the cloud, and the graph of resources of a checkpoint."""

import json
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from types import MappingProxyType
from typing import Any

from karbor_copy.data_models import strict_json

RESOURCE_TYPES = (
    "OS::Keystone::Project",
    "OS::Nova::Server",
    "OS::Cinder::Volume",
    "OS::Glance::Image",
    "OS::Manila::Share",
    "OS::Neutron::Network",
    "OS::Trove::Instance",
    "OS::Kubernetes::Pod",
)

#: More nodes than any real plan has; a bank's content is not trusted.
MAX_NODES = 100_000


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource; equality is by type, id and name, as in Karbor."""

    type: str
    id: str
    name: str
    extra_info: Mapping[str, Any] | None = field(default=None, compare=False)

    @property
    def key(self) -> str:
        """Return ``type#id``, the name of the resource in maps."""
        return f"{self.type}#{self.id}"

    def to_dict(self) -> dict[str, Any]:
        """Return Karbor's JSON form, ``extra_info`` only where it is."""
        value: dict[str, Any] = {
            "id": self.id,
            "name": self.name,
            "type": self.type,
        }
        if self.extra_info is not None:
            value["extra_info"] = dict(self.extra_info)
        return value


@dataclass(frozen=True, slots=True)
class ResourceGraph:
    """A directed graph without loops: which resource hangs from which.

    ``nodes`` are in post-order (children first); ``children`` maps a
    resource's key to its children's keys.
    """

    nodes: tuple[Resource, ...] = ()
    children: Mapping[str, tuple[str, ...]] = field(
        default_factory=lambda: MappingProxyType({})
    )

    @property
    def resource_types(self) -> tuple[str, ...]:
        """Return the types of all nodes, sorted, each once."""
        return tuple(sorted({node.type for node in self.nodes}))

    def edges(self) -> Iterator[tuple[str, str]]:
        """Yield (parent key, child key) of every edge."""
        for parent, children in self.children.items():
            for child in children:
                yield parent, child

    def serialize(self) -> str:
        """Return Karbor's JSON text: numbered nodes, then adjacency."""
        numbers = {
            node.key: hex(index) for index, node in enumerate(self.nodes)
        }
        nodes = {
            numbers[node.key]: [
                node.type,
                node.id,
                node.name,
                None if node.extra_info is None else dict(node.extra_info),
            ]
            for node in self.nodes
        }
        adjacency = [
            [numbers[node.key], [numbers[key] for key in below]]
            for node in self.nodes
            if (below := self.children.get(node.key))
        ]
        return json.dumps([nodes, adjacency])

    @classmethod
    def deserialize(cls, text: str) -> "ResourceGraph":
        """Read Karbor's JSON text, written by anyone.

        :raises ValueError: malformed, too large, a loop or an unknown node.
        """
        match strict_json.loads(text):
            case [dict() as raw_nodes, list() as adjacency]:
                pass
            case _:
                raise ValueError("a resource graph is [nodes, adjacency]")
        if len(raw_nodes) > MAX_NODES:
            raise ValueError(f"more than {MAX_NODES} nodes")
        numbered = {
            number: _read_node(raw) for number, raw in raw_nodes.items()
        }
        edges = dict(_read_edges(adjacency, numbered))
        nodes = {node.key: node for node in numbered.values()}
        return build_graph(nodes.values(), edges)


def _read_node(raw: object) -> Resource:
    match raw:
        case [str() as type_, str() as id_, str() | None as name, *rest]:
            extra = rest[0] if rest else None
            if extra is not None and not isinstance(extra, dict):
                raise ValueError("extra_info of a node is no object")
            return Resource(type_, id_, name or "", extra)
        case _:
            raise ValueError("a node is [type, id, name, extra_info]")


def _read_edges(
    adjacency: list[Any], numbered: Mapping[str, Resource]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    for entry in adjacency:
        match entry:
            case [str() as parent, list() as children]:
                pass
            case _:
                raise ValueError("adjacency is a list of [parent, children]")
        if not all(isinstance(child, str) for child in children):
            raise ValueError("a child is named by a string")
        unknown = {parent, *children} - set(numbered)
        if unknown:
            raise ValueError(f"unknown node {sorted(unknown)[0]}")
        yield (
            numbered[parent].key,
            tuple(numbered[child].key for child in children),
        )


def build_graph(
    nodes: Iterable[Resource], children: Mapping[str, Iterable[str]]
) -> ResourceGraph:
    """Order the nodes children first and return the graph.

    :raises ValueError: where the edges form a loop.
    """
    by_key = {node.key: node for node in nodes}
    below = {key: tuple(dict.fromkeys(keys)) for key, keys in children.items()}
    ordered: dict[str, Resource] = {}
    open_keys: set[str] = set()
    for root in by_key:
        stack = [(root, iter(below.get(root, ())))]
        if root in ordered:
            continue
        open_keys.add(root)
        while stack:
            key, rest = stack[-1]
            child = next((c for c in rest if c not in ordered), None)
            if child is None:
                stack.pop()
                open_keys.discard(key)
                ordered[key] = by_key[key]
            elif child in open_keys:
                raise ValueError(f"the resource graph has a loop at {child}")
            else:
                open_keys.add(child)
                stack.append((child, iter(below.get(child, ()))))
    kept = {key: below[key] for key in ordered if below.get(key)}
    return ResourceGraph(tuple(ordered.values()), MappingProxyType(kept))
