# SPDX-License-Identifier: Apache-2.0
"""Checkpoints as no service would write them, each with one flaw."""

import copy
import dataclasses
import json
import pathlib
import shutil
import uuid
from collections.abc import Callable
from collections.abc import Mapping
from typing import Any

from karbor_copy.banks import manifest
from karbor_copy.data_models import checkpoint_index
from tests.fixtures import deployment
from tests.fixtures.deployment import ONE
from tests.fixtures.deployment import TWO

_DIGESTS = {"sha256": "a" * 64, "md5": None, "serialized": False}


@dataclasses.dataclass
class Checkpoint:
    """All that a bank has of a checkpoint, to be forged."""

    id: str
    index: dict[str, Any]
    #: Header and entries of the manifest.
    lines: list[bytes]
    #: Files of data by their path below the checkpoint.
    data: Mapping[str, pathlib.Path]
    #: Stored in place of what stands above.
    raw_index: bytes | None = None
    raw_manifest: bytes | None = None

    @property
    def entry(self) -> dict[str, Any]:
        return dict(json.loads(self.lines[1]))

    def text(self, old: str = "", new: str = "") -> bytes:
        """Return the index as it is stored, with a text replaced."""
        text = json.dumps(self.index)
        assert old in text
        return text.replace(old, new, 1).encode()

    def add(self, **entry: Any) -> None:
        """Add an object to the manifest."""
        self.lines.append(f"{json.dumps(entry | _DIGESTS)}\n".encode())

    def write(self, bank: pathlib.Path) -> None:
        """Store it in the bank's container, whatever was there."""
        root = bank / "checkpoints" / self.id
        for name, path in self.data.items():
            target = root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
        made = self.raw_manifest
        if made is None:
            made = sealed(self.lines)
        self.index["manifest_sha256"] = manifest.digest(made)
        # A file may have been replaced by a link: never written through.
        for name, value in (
            ("manifest.jsonl", made),
            ("index.json", self.raw_index or self.text()),
        ):
            (root / name).unlink(missing_ok=True)
            (root / name).write_bytes(value)


def sealed(lines: list[bytes], **trailer: int) -> bytes:
    """Return a manifest whose trailer fits, but for what is said here."""
    body = b"".join(lines)
    entries = [json.loads(line) for line in lines[1:]]
    count, total = len(entries), 0
    for entry in entries:
        total += entry["size"] if isinstance(entry["size"], int) else 0
    told = {"count": count, "total": total, **trailer}
    return body + manifest._trailer(told["count"], told["total"], body)


def read(bank: pathlib.Path, id_: str, new_id: str) -> Checkpoint:
    """Return a checkpoint of a bank, under another id."""
    root = bank / "checkpoints" / id_
    index = json.loads((root / "index.json").read_bytes())
    lines = (root / "manifest.jsonl").read_bytes().splitlines(keepends=True)
    header = lines[0].replace(id_.encode(), new_id.encode())
    data = {
        path.relative_to(root).as_posix(): path
        for path in sorted(root.glob("resource-data/*/*"))
    }
    return Checkpoint(
        new_id, {**index, "id": new_id}, [header, *lines[1:-1]], data
    )


Evil = Callable[[Checkpoint], object]


def index(**changes: Any) -> Evil:
    return lambda made: made.index.update(copy.deepcopy(changes))


def raw_index(make: Callable[[Checkpoint], bytes]) -> Evil:
    return lambda made: setattr(made, "raw_index", make(made))


def raw_manifest(make: Callable[[Checkpoint], bytes]) -> Evil:
    return lambda made: setattr(made, "raw_manifest", make(made))


def plan(**changes: Any) -> Evil:
    return lambda made: made.index["protection_plan"].update(changes)


def entry(**changes: Any) -> Evil:
    return lambda made: made.lines.__setitem__(
        slice(1, 2),
        [f"{json.dumps({**made.entry, **changes})}\n".encode()],
    )


def added(**values: Any) -> Evil:
    return lambda made: made.add(**values)


def number(text: str) -> Evil:
    """Let the time be what no JSON library writes."""
    return raw_index(
        lambda made: made.text(str(made.index["timestamp"]), text)
    )


def deep(levels: int) -> Evil:
    nested = "[" * levels + "]" * levels
    return raw_index(
        lambda made: made.text('"resources":', f'"x": {nested}, "resources":')
    )


def graph(nodes: int, edges: list[tuple[int, int]]) -> Evil:
    told = {hex(n): ["OS::Cinder::Volume", str(n), ""] for n in range(nodes)}
    adjacency = [[hex(above), [hex(below)]] for above, below in edges]
    return index(resource_graph=json.dumps([told, adjacency]))


def twice(text: str) -> bytes:
    return text.replace("{", '{"project_id": "another", ', 1).encode()


#: Evil indexes, and what is said of each when it is refused.
INDEXES: Mapping[str, tuple[Evil, str]] = {
    "no JSON": (raw_index(lambda _: b"{"), "Expecting"),
    "not UTF-8": (raw_index(lambda _: b'{"id": "\xff"}'), "codec"),
    "a byte order mark": (
        raw_index(lambda made: b"\xef\xbb\xbf" + made.text()),
        "BOM",
    ),
    "UTF-16": (
        raw_index(lambda made: made.text().decode().encode("utf-16")),
        "codec",
    ),
    "a name twice": (
        raw_index(lambda made: twice(made.text().decode())),
        "a name twice",
    ),
    "larger than any": (
        raw_index(lambda _: b" " * (checkpoint_index.MAX_SIZE + 1)),
        "larger than",
    ),
    "a bomb of brackets": (deep(100_000), "levels deep"),
    # Python reads these, and the database then can't write them.
    "just readable": (deep(970), "levels deep"),
    "readable, and too deep to store": (deep(980), "levels deep"),
    "deep within text": (
        index(extra_info=f'{{"x": {"[" * 980}{"]" * 980}}}'),
        "levels deep",
    ),
    "a deep resource": (
        plan(
            resources=[
                {
                    "type": "OS::Cinder::Volume",
                    "id": "1",
                    "name": "",
                    "extra_info": f'{{"x": {"[" * 980}{"]" * 980}}}',
                }
            ]
        ),
        "levels deep",
    ),
    "no number": (number("NaN"), "NaN is no number"),
    "an endless number": (number("-Infinity"), "-Infinity is no number"),
    "a number beyond floats": (number("1e999"), "JSON compliant"),
    "a number of many digits": (number("9" * 5000), "Exceeds the limit"),
    "before all time": (index(timestamp=-1), "timestamp is no time"),
    "after all time": (index(timestamp=10**18), "timestamp is no time"),
    "a day that never was": (index(created_at="2024-02-30"), "day is out"),
    "a year before the first": (index(created_at="0000-01-01"), "year 0"),
    "another's id": (index(id=str(uuid.uuid4())), "another checkpoint's"),
    "another provider's": (index(provider_id=TWO), "belongs to provider"),
    "lines for the log": (
        index(provider_id="x\nERROR all is lost"),
        "x\N{REPLACEMENT CHARACTER}ERROR all is lost.$",
    ),
    "of a foreign project": (
        index(project_id=deployment.STRANGER),
        "another project's",
    ),
    "a project of no length": (index(project_id="x" * 256), "project_id"),
    "a project of two": (index(project_id=["x", "y"]), "project_id"),
    "a NUL": (index(project_id="a\0b"), "NUL"),
    "half a character": (index(project_id="a\ud800"), "surrogates"),
    "a graph with a loop": (graph(2, [(0, 1), (1, 0)]), "loop"),
    "a graph of one in itself": (graph(1, [(0, 0)]), "loop"),
    "a graph of nobody": (graph(1, [(0, 7)]), "unknown node 0x7"),
    "a graph beyond all plans": (graph(100_001, []), "nodes"),
    "a graph that is deep": (
        index(resource_graph="[" * 990 + "]" * 990),
        "levels deep",
    ),
    "a copy of itself": (
        index(extra_info={"copied_from": "me", "copy_status": "finished"}),
        "copied_from",
    ),
}
#: Evil manifests, in order and with a digest that fits.
MANIFESTS: Mapping[str, tuple[Evil, str]] = {
    "no manifest": (raw_manifest(lambda _: b""), "header|Expecting"),
    "a billion objects promised": (
        raw_manifest(lambda made: sealed(made.lines, count=10**9)),
        "trailer",
    ),
    "a petabyte promised": (
        raw_manifest(lambda made: sealed(made.lines, total=10**15)),
        "trailer",
    ),
    "a negative size": (entry(size=-1), "impossible"),
    "more than a disk has": (entry(size=2**63), "impossible"),
    "a size that is no number": (entry(size="1"), "malformed"),
    "half a byte": (entry(size=0.5), "malformed"),
    "another size": (entry(size=7), "another size"),
    "an object that is not there": (
        added(key="resource-data/zzz/data_1", size=1),
        "zzz/data_1 is missing",
    ),
    "an object twice": (
        lambda made: made.lines.append(made.lines[1]),
        "order",
    ),
    "the way up": (
        added(key="resource-data/zzz/../../../../etc/passwd", size=1),
        "'..'",
    ),
    "the root": (added(key="/etc/passwd", size=1), "empty"),
    "another checkpoint's data": (
        added(key=f"../{uuid.uuid4()}/resource-data/x/y", size=1),
        "'..'",
    ),
    "an index as data": (added(key="zzz/index.json", size=1), "no data"),
    "a control character": (
        added(key="resource-data/zzz/a\nb", size=1),
        "control character",
    ),
    "a name beyond length": (
        added(key="resource-data/zzz/" + "x" * 2000, size=1),
        "longer",
    ),
    "another's manifest": (
        lambda made: made.lines.__setitem__(
            0, made.lines[0].replace(made.id.encode(), ONE.encode())
        ),
        "another checkpoint's",
    ),
    "an unknown version": (
        lambda made: made.lines.__setitem__(
            0, made.lines[0].replace(b"1.0", b"9.9")
        ),
        "version",
    ),
    "a deep header": (
        lambda made: made.lines.__setitem__(
            0, b"[" * 100_000 + b"]" * 100_000 + b"\n"
        ),
        "recursion|depth",
    ),
    "a mark in front": (
        lambda made: made.lines.__setitem__(
            0, b"\xef\xbb\xbf" + made.lines[0]
        ),
        "bytes|form|header",
    ),
    "cut short": (
        raw_manifest(lambda made: sealed(made.lines)[:-1]),
        "cut short",
    ),
}
