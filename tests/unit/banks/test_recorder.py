# SPDX-License-Identifier: Apache-2.0
import concurrent.futures

from karbor_copy.banks import recorder
from karbor_copy.data_models import manifest


def entry(key, size=0):
    return manifest.Entry(key=key, size=size, sha256="0" * 64)


def test_the_last_put_of_a_key_counts():
    found = recorder.Recorder()
    found.add(entry("a", 1))
    found.add(entry("a", 2))
    found.add(entry("b"))
    found.discard("b")
    found.discard("never")
    assert found.entries() == {"a": entry("a", 2)}


def test_entries_are_a_snapshot():
    found = recorder.Recorder()
    before = found.entries()
    found.add(entry("a"))
    assert before == {}


def test_serves_many_threads():
    found = recorder.Recorder()
    names = [str(number) for number in range(2000)]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: found.add(entry(name)), names))
    assert sorted(found.entries()) == sorted(names)
