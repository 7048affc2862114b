# SPDX-License-Identifier: Apache-2.0
"""Karbor's text form of the resource graph, written and read."""

import json

import hypothesis
import pytest
from hypothesis import strategies

from karbor_copy.data_models import resource

VOLUME = resource.Resource(
    "OS::Cinder::Volume", "V", "vol", {"availability_zone": "nova"}
)
IMAGE = resource.Resource("OS::Glance::Image", "I", "img", {"server_id": "S"})
SERVER = resource.Resource("OS::Nova::Server", "S", "srv")

#: What a running Karbor wrote.
KARBOR_TEXT = (
    '[{"0x0": ["OS::Cinder::Volume", "V", "vol",'
    ' {"availability_zone": "nova"}], "0x1": ["OS::Glance::Image", "I",'
    ' "img", {"server_id": "S"}], "0x2": ["OS::Nova::Server", "S", "srv",'
    ' null]}, [["0x2", ["0x0", "0x1"]]]]'
)


def server_graph() -> resource.ResourceGraph:
    return resource.build_graph(
        [SERVER, VOLUME, IMAGE], {SERVER.key: [VOLUME.key, IMAGE.key]}
    )


def test_serialize_as_karbor_does() -> None:
    assert json.loads(server_graph().serialize()) == json.loads(KARBOR_TEXT)


def test_read_what_karbor_wrote() -> None:
    graph = resource.ResourceGraph.deserialize(KARBOR_TEXT)
    assert graph == server_graph()
    assert list(graph.edges()) == [
        (SERVER.key, VOLUME.key),
        (SERVER.key, IMAGE.key),
    ]
    assert graph.nodes[0].extra_info == {"availability_zone": "nova"}


def test_empty_graph() -> None:
    graph = resource.ResourceGraph.deserialize("[{}, []]")
    assert graph == resource.ResourceGraph()
    assert graph.serialize() == "[{}, []]"
    assert graph.resource_types == ()


def test_types_are_sorted_and_each_once() -> None:
    other = resource.Resource("OS::Cinder::Volume", "W", "w")
    graph = resource.build_graph([SERVER, other, VOLUME], {})
    assert graph.resource_types == ("OS::Cinder::Volume", "OS::Nova::Server")


def test_two_resources_with_one_id_are_two() -> None:
    network = resource.Resource("OS::Neutron::Network", "P", "net")
    project = resource.Resource("OS::Keystone::Project", "P", "prj")
    graph = resource.build_graph(
        [project, network], {project.key: [network.key]}
    )
    again = resource.ResourceGraph.deserialize(graph.serialize())
    assert again.nodes == (network, project)


@pytest.mark.parametrize(
    "text",
    [
        "null",
        "{}",
        "[]",
        "[[], []]",
        '[{"0x0": "no"}, []]',
        '[{"0x0": [1, "i", "n"]}, []]',
        '[{"0x0": ["t", "i", "n", "no object"]}, []]',
        '[{"0x0": ["t", "i", "n"]}, ["no"]]',
        '[{"0x0": ["t", "i", "n"]}, [["0x0", ["0x9"]]]]',
        '[{"0x0": ["t", "i", "n"]}, [["0x0", [7]]]]',
        '[{"0x0": ["t", "i", "n"]}, [["0x0", ["0x0"]]]]',
        '[{"0x0": ["t", "i", "n"], "0x1": ["t", "j", "m"]},'
        ' [["0x0", ["0x1"]], ["0x1", ["0x0"]]]]',
        "not json",
    ],
)
def test_malformed_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  any of its kind
        resource.ResourceGraph.deserialize(text)


def test_too_many_nodes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "MAX_NODES", 2)
    with pytest.raises(ValueError, match="more than 2"):
        resource.ResourceGraph.deserialize(KARBOR_TEXT)


@hypothesis.given(
    strategies.sets(
        strategies.tuples(
            strategies.integers(0, 9), strategies.integers(0, 9)
        ).filter(lambda edge: edge[0] < edge[1])
    )
)
def test_children_come_before_their_parents(
    edges: set[tuple[int, int]],
) -> None:
    nodes = [resource.Resource("T", str(i), str(i)) for i in range(10)]
    children: dict[str, list[str]] = {}
    for parent, child in edges:
        children.setdefault(nodes[parent].key, []).append(nodes[child].key)
    graph = resource.build_graph(nodes, children)
    place = {node.key: index for index, node in enumerate(graph.nodes)}
    assert set(place) == {node.key for node in nodes}
    assert set(graph.edges()) == {
        (nodes[parent].key, nodes[child].key) for parent, child in edges
    }
    assert all(place[child] < place[parent] for parent, child in graph.edges())


def test_to_dict_has_extra_info_only_where_there_is_one() -> None:
    assert SERVER.to_dict() == {
        "id": "S",
        "name": "srv",
        "type": "OS::Nova::Server",
    }
    assert VOLUME.to_dict()["extra_info"] == {"availability_zone": "nova"}
