# SPDX-License-Identifier: Apache-2.0
"""The order of the hooks over a resource graph, as Karbor defined it.

Pure: from a graph and the hooks that each resource's operation defines to
(atom, the atoms that must come before it), in an order that respects it.
"""

from collections.abc import Collection
from collections.abc import Iterator
from collections.abc import Mapping
from typing import NamedTuple

from karbor_copy.data_models import resource

_BEGIN, _FINISH, _MAIN, _COMPLETE = (
    "on_prepare_begin",
    "on_prepare_finish",
    "on_main",
    "on_complete",
)


class Atom(NamedTuple):
    """One hook of one resource, by the resource's key."""

    hook: str
    key: str


class HookGraph:
    """Which hook waits for which, with the undefined ones taken out."""

    def __init__(
        self,
        graph: resource.ResourceGraph,
        hooks: Mapping[str, Collection[str]],
    ) -> None:
        """Take the graph, and the hooks defined by resource key."""
        self._graph = graph
        self._hooks = hooks
        self._parents: dict[str, list[str]] = {}
        for parent, child in graph.edges():
            self._parents.setdefault(child, []).append(parent)
        self._through: dict[Atom, frozenset[Atom]] = {}

    def atoms(self) -> Iterator[tuple[Atom, frozenset[Atom]]]:
        """Yield each defined atom with those that it waits for.

        Post-order of the nodes makes children come before parents, so the
        begins go backwards through it and the rest forwards.
        """
        keys = [node.key for node in self._graph.nodes]
        order = [Atom(_BEGIN, key) for key in reversed(keys)]
        order += [
            Atom(hook, key)
            for hook in (_FINISH, _MAIN, _COMPLETE)
            for key in keys
        ]
        for atom in order:
            before = self._before(atom)
            if self._is_defined(atom):
                yield atom, before
            else:
                self._through[atom] = before

    def _is_defined(self, atom: Atom) -> bool:
        return atom.hook in self._hooks.get(atom.key, ())

    def _before(self, atom: Atom) -> frozenset[Atom]:
        """Return the defined atoms before this one, through undefined ones.

        The order of ``atoms`` guarantees that those are known by now.
        """
        found: set[Atom] = set()
        for earlier in self._directly_before(atom):
            if self._is_defined(earlier):
                found.add(earlier)
            else:
                found |= self._through[earlier]
        return frozenset(found)

    def _directly_before(self, atom: Atom) -> Iterator[Atom]:
        key = atom.key
        children = self._graph.children.get(key, ())
        match atom.hook:
            case "on_prepare_begin":
                yield from (
                    Atom(_BEGIN, parent)
                    for parent in self._parents.get(key, ())
                )
            case "on_prepare_finish":
                yield Atom(_BEGIN, key)
                yield from (Atom(_FINISH, child) for child in children)
            case "on_main":
                yield Atom(_FINISH, key)
            case "on_complete":
                yield Atom(_MAIN, key)
                yield from (Atom(_COMPLETE, child) for child in children)
