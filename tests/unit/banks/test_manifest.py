# SPDX-License-Identifier: Apache-2.0
import json
import random

import hypothesis
import pytest
from hypothesis import strategies

from karbor_copy import exceptions
from karbor_copy.banks import keys
from karbor_copy.banks import manifest
from karbor_copy.data_models import checkpoint
from karbor_copy.data_models import manifest as model

ID = "22b82aa7-9179-4c71-bba2-caf5c0e68db7"

names = strategies.text(min_size=1, max_size=8).filter(
    lambda name: "/" not in name and keys.is_key(name)
)
hexadecimal = strategies.binary(min_size=32, max_size=32).map(bytes.hex)
entries = strategies.lists(
    strategies.builds(
        model.Entry,
        key=strategies.builds("resource-data/{}/{}".format, names, names),
        size=strategies.integers(0, 2**50),
        sha256=hexadecimal,
        md5=strategies.none() | hexadecimal.map(lambda text: text[:32]),
        serialized=strategies.booleans(),
    ),
    max_size=6,
).map(lambda found: {item.key: item for item in found})
manifests = strategies.builds(
    model.Manifest,
    checkpoint_id=strategies.just(ID),
    entries=entries,
    copied_from=strategies.none()
    | strategies.builds(
        checkpoint.CopiedFrom,
        provider_id=strategies.text(max_size=4),
        checkpoint_id=strategies.text(max_size=4),
    ),
    origin_verified=strategies.none() | strategies.booleans(),
)


def entry(name, size=1, **changes):
    values = {"sha256": "a" * 64, "md5": None, "serialized": False}
    return model.Entry(
        key=f"resource-data/{name}", size=size, **{**values, **changes}
    )


def make(*found):
    return model.Manifest(
        checkpoint_id=ID, entries={item.key: item for item in found}
    )


@hypothesis.given(manifests)
def test_what_was_dumped_is_loaded(value):
    assert manifest.load(manifest.dump(value), ID) == value


@hypothesis.given(manifests, strategies.randoms())
def test_bytes_do_not_depend_on_order(value, rng):
    shuffled = list(value.entries.items())
    rng.shuffle(shuffled)
    other = model.Manifest(
        checkpoint_id=ID,
        entries=dict(shuffled),
        copied_from=value.copied_from,
        origin_verified=value.origin_verified,
    )
    assert manifest.dump(other) == manifest.dump(value)


@hypothesis.given(manifests, strategies.data())
def test_any_changed_byte_is_found(value, data):
    whole = bytearray(manifest.dump(value))
    place = data.draw(strategies.integers(0, len(whole) - 1))
    whole[place] ^= data.draw(strategies.integers(1, 255))
    with pytest.raises(exceptions.InvalidManifest):
        manifest.load(bytes(whole), ID)


@hypothesis.given(manifests, strategies.data())
def test_any_cut_is_found(value, data):
    whole = manifest.dump(value)
    length = data.draw(strategies.integers(0, len(whole) - 1))
    with pytest.raises(exceptions.InvalidManifest):
        manifest.load(whole[:length], ID)


def test_the_form():
    value = make(entry("r/b", md5="b" * 32), entry("r/a", serialized=True))
    lines = manifest.dump(value).splitlines(keepends=True)
    assert [json.loads(line) for line in lines] == [
        {
            "version": "1.0",
            "checkpoint_id": ID,
            "copied_from": None,
            "origin_verified": None,
        },
        {
            "key": "resource-data/r/a",
            "size": 1,
            "sha256": "a" * 64,
            "md5": None,
            "serialized": True,
        },
        {
            "key": "resource-data/r/b",
            "size": 1,
            "sha256": "a" * 64,
            "md5": "b" * 32,
            "serialized": False,
        },
        {
            "count": 2,
            "total": 2,
            "digest": manifest.digest(b"".join(lines[:-1])),
        },
    ]


def seal(*lines, count=None, total=None):
    """Return bytes whose trailer fits: only what it vouches for is evil."""
    body = "".join(lines).encode("utf-8", "surrogatepass")
    if count is None:
        count = max(len(lines) - 1, 0)
    return body + manifest._trailer(count, total or 0, body)


def line(**changes):
    value = {
        "key": "resource-data/r/a",
        "size": 0,
        "sha256": "a" * 64,
        "md5": None,
        "serialized": False,
        **changes,
    }
    return json.dumps(value) + "\n"


HEADER = manifest._header(make())
EVIL = {
    "nothing": b"",
    "a trailer alone": seal(),
    "no utf-8": b"\xff\n" + seal(HEADER),
    "no json": seal("{\n"),
    "a deep bomb": seal("[" * 100_000 + "\n"),
    "another version": seal(HEADER.replace("1.0", "2.0")),
    "another checkpoint": seal(HEADER.replace(ID, ID[::-1])),
    "an origin that is no object": seal(
        HEADER.replace('"copied_from": null', '"copied_from": "x"')
    ),
    "more in the header": seal(HEADER.replace("}", ', "more": 1}')),
    "a billion objects promised": seal(HEADER, count=10**9),
    "a petabyte promised": seal(HEADER, total=10**15),
    "a negative size": seal(HEADER, line(size=-1), total=-1),
    "an impossible size": seal(HEADER, line(size=2**63), total=2**63),
    "a size of too many digits": seal(
        HEADER, line(size=7).replace("7", "7" * 5000)
    ),
    "a size that is true": seal(HEADER, line(size=True), total=1),
    "a size of 1.0": seal(HEADER, line(size=1.0), total=1),
    "a size of NaN": seal(HEADER, line(size=float("nan"))),
    "a key twice": seal(HEADER, line(), line()),
    "keys out of order": seal(HEADER, line(key="resource-data/r/b"), line()),
    "a key that climbs": seal(HEADER, line(key="resource-data/../index")),
    "an absolute key": seal(HEADER, line(key="/etc/passwd")),
    "a key outside the data": seal(HEADER, line(key="index.json")),
    "a key of no resource": seal(HEADER, line(key="resource-data/status")),
    "a key with NUL": seal(HEADER, line(key="resource-data/r/\0")),
    "a key with a surrogate": seal(HEADER, line(key="resource-data/r/\ud800")),
    "a key too long": seal(HEADER, line(key="resource-data/r/" + "a" * 1024)),
    "a key that is no text": seal(HEADER, line(key=["resource-data/r/a"])),
    "no digest": seal(HEADER, line(sha256="")),
    "a digest in capitals": seal(HEADER, line(sha256="A" * 64)),
    "a short md5": seal(HEADER, line(md5="a")),
    "serialized as text": seal(HEADER, line(serialized="false")),
    "a name twice in a line": seal(
        HEADER, line().replace("{", '{"size": 5, ')
    ),
    "white space": seal(HEADER, line().replace(": ", ":")),
    "an empty line": seal(HEADER, "\n"),
    "lines behind the trailer": seal(HEADER) + line().encode(),
    "two trailers": seal(seal(HEADER).decode()),
}  # fmt: skip


@pytest.mark.parametrize("data", EVIL.values(), ids=EVIL)
def test_evil_manifests(data):
    with pytest.raises(exceptions.InvalidManifest):
        manifest.load(data, ID)


def test_the_helpers_of_the_evil_ones_make_a_good_one():
    loaded = manifest.load(seal(HEADER, line()), ID)
    assert list(loaded.entries) == ["resource-data/r/a"]


@pytest.mark.parametrize(
    ("limit", "value"),
    [("MAX_SIZE", 100), ("MAX_COUNT", 1), ("MAX_OBJECT_SIZE", 1)],
)
def test_limits(monkeypatch, limit, value):
    data = manifest.dump(make(entry("r/a"), entry("r/b")))
    monkeypatch.setattr(manifest, limit, value)
    with pytest.raises(exceptions.InvalidManifest):
        manifest.load(data, ID)


def test_many_objects():
    rng = random.Random(7)
    value = make(
        *(
            entry(f"r{n % 9}/data_{n}", size=n, sha256=rng.randbytes(32).hex())
            for n in range(5000)
        )
    )
    assert manifest.load(manifest.dump(value), ID) == value
