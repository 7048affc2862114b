# SPDX-License-Identifier: Apache-2.0
"""A link to the next page is there if there is one, and keeps the query."""

from karbor_copy import context as request_context
from karbor_copy.api import call
from karbor_copy.api import links

THIS = call.Call(
    context=request_context.RequestContext(),
    root="http://x",
    url="http://x/things",
    query=[("limit", "2"), ("name", "a&b"), ("marker", "0"), ("offset", "1")],
)


def view(item: str) -> dict[str, str]:
    return {"id": item}


def test_the_last_page() -> None:
    assert links.collection(THIS, "things", "ab", 2, view) == {
        "things": [{"id": "a"}, {"id": "b"}]
    }


def test_no_page() -> None:
    assert links.collection(THIS, "things", "", 2, view) == {"things": []}


def test_another_page() -> None:
    answer = links.collection(THIS, "things", "abc", 2, view)
    assert answer == {
        "things": [{"id": "a"}, {"id": "b"}],
        "things_links": [
            {
                "rel": "next",
                "href": "http://x/things?limit=2&name=a%26b&marker=b",
            }
        ],
    }


def test_elsewhere() -> None:
    answer = links.collection(THIS, "t", "abc", 2, view, url="http://y")
    assert answer["t_links"][0]["href"].startswith("http://y?limit=2&")
