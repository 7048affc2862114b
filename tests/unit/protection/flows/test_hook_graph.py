# SPDX-License-Identifier: Apache-2.0
"""Karbor's order of hooks, over any graph and any set of hooks."""

import hypothesis
from hypothesis import strategies

from karbor_copy.data_models import resource
from karbor_copy.plugins import base
from karbor_copy.protection.flows import hook_graph

Atom = hook_graph.Atom
_NODES = tuple(resource.Resource("T", str(i), str(i)) for i in range(6))


def _closure(
    atoms: dict[Atom, frozenset[Atom]],
) -> dict[Atom, set[Atom]]:
    """Return all that comes before each atom, however far."""
    before: dict[Atom, set[Atom]] = {}
    for atom, direct in atoms.items():
        before[atom] = set(direct).union(*(before[a] for a in direct))
    return before


def _graph(edges: set[tuple[int, int]]) -> resource.ResourceGraph:
    children: dict[str, list[str]] = {}
    for parent, child in edges:
        children.setdefault(_NODES[parent].key, []).append(_NODES[child].key)
    return resource.build_graph(_NODES, children)


_edges = strategies.sets(
    strategies.tuples(
        strategies.integers(0, 5), strategies.integers(0, 5)
    ).filter(lambda edge: edge[0] < edge[1])
)
_hooks = strategies.lists(
    strategies.sets(strategies.sampled_from(base.HOOKS)),
    min_size=len(_NODES),
    max_size=len(_NODES),
)


@hypothesis.given(edges=_edges, defined=_hooks)
def test_hook_order(
    edges: set[tuple[int, int]], defined: list[set[str]]
) -> None:
    hooks = {
        node.key: chosen for node, chosen in zip(_NODES, defined, strict=True)
    }
    graph = _graph(edges)
    atoms = dict(hook_graph.HookGraph(graph, hooks).atoms())
    before = _closure(atoms)

    def must(earlier: Atom, later: Atom) -> None:
        if earlier in atoms and later in atoms:
            assert earlier in before[later], (earlier, later)

    assert set(atoms) == {
        Atom(hook, key) for key, chosen in hooks.items() for hook in chosen
    }
    for node in _NODES:
        chain = [Atom(hook, node.key) for hook in base.HOOKS]
        for place, atom in enumerate(chain):
            for later in chain[place + 1 :]:
                must(atom, later)
    for parent, child in graph.edges():
        must(Atom("on_prepare_begin", parent), Atom("on_prepare_begin", child))
        must(
            Atom("on_prepare_finish", child),
            Atom("on_prepare_finish", parent),
        )
        must(Atom("on_complete", child), Atom("on_complete", parent))


def test_main_hooks_do_not_wait_for_each_other() -> None:
    graph = _graph({(0, 1), (1, 2)})
    hooks = {node.key: ("on_main",) for node in _NODES}
    for _atom, before in hook_graph.HookGraph(graph, hooks).atoms():
        assert before == frozenset()
