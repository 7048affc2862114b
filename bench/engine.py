# SPDX-License-Identifier: Apache-2.0
"""The copy engine as a process of its own: one section, bank to bank.

It imports no oslo library, as a service's start-up is not what is measured.
"""

import argparse
import concurrent.futures
import json

from karbor_copy.banks import base
from karbor_copy.banks import directory
from karbor_copy.banks import directory_files
from karbor_copy.banks import keys
from karbor_copy.banks import manifest
from karbor_copy.banks import recorder
from karbor_copy.banks import reuse
from karbor_copy.banks import section
from karbor_copy.banks import transfer
from karbor_copy.data_models import manifest as manifest_model

CHECKPOINT_ID = "22b82aa7-9179-4c71-bba2-caf5c0e68db7"
RESOURCE_ID = "3f8af6c6-ecea-42bd-b44c-724785bbe5ea"
CONTAINER = "karbor"


class Moved:
    """Counts the bytes that were sent."""

    def __init__(self) -> None:
        self._sizes: list[int] = []

    @property
    def sent(self) -> int:
        return sum(self._sizes)

    def add_total(self, _resource_key: str, _objects: int, _size: int) -> None:
        pass

    add_skipped = add_reused = add_total

    def add_copied(self, _resource_key: str, _objects: int, size: int) -> None:
        # Safe for threads, where adding to a number is not.
        self._sizes.append(size)


def no_flush(file: int) -> None:
    pass


def read_manifest(
    bank: base.Bank, checkpoint_id: str
) -> manifest_model.Manifest:
    data = section.read_all(bank, keys.manifest_key(checkpoint_id))
    return manifest.load(data, checkpoint_id)


def shelf_of(bank: base.Bank, checkpoint_id: str | None) -> reuse.Shelf:
    """Return what the target has of an earlier checkpoint."""
    shelf = reuse.Shelf()
    if checkpoint_id is not None:
        prefix = keys.checkpoint_prefix(checkpoint_id)
        for entry in read_manifest(bank, checkpoint_id).entries.values():
            shelf.add(entry.sha256, prefix + entry.key)
    return shelf


def source_section(
    bank: base.Bank, checkpoint_id: str, resource_id: str, *, listed: bool
) -> section.BankSection:
    """Return the source, by its manifest or ``listed`` as it is found."""
    prefix = keys.section_prefix(checkpoint_id, resource_id)
    entries = None
    if not listed:
        start = len(keys.in_checkpoint(prefix))
        known = read_manifest(bank, checkpoint_id).entries.items()
        entries = {key[start:]: entry for key, entry in known}
    return section.BankSection(bank, prefix, writable=False, entries=entries)


def swift_options(url: str, container: str) -> dict[str, str]:
    """Return the options of a container at a server of ``tools``."""
    from tools.servers import swift as server

    account, user, key = server.USERS[0]
    return {
        "bank_swift_object_container": container,
        "swift_auth_url": f"{url}/auth/v1.0",
        "swift_auth_version": "1",
        "swift_user": f"{account}:{user}",
        "swift_key": key,
    }


def bank_of(place: str, *, exclusive: bool = False) -> base.Bank:
    """Return the bank in a directory, or at ``<url>#<container>``."""
    if "#" not in place:
        return directory.DirectoryBank(place, CONTAINER, exclusive=exclusive)
    # Imported only here: it takes half a second.
    from karbor_copy.banks import swift

    url, _, container = place.partition("#")
    return swift.SwiftBank(**swift_options(url, container))


def copy(arguments: argparse.Namespace) -> None:
    source = bank_of(arguments.source)
    target = bank_of(arguments.target, exclusive=arguments.exclusive)
    if not arguments.durable:
        directory_files.sync_file_system = no_flush
    target.set_up()
    checkpoint_id = arguments.checkpoint
    resource_id = arguments.resource
    prefix = keys.section_prefix(checkpoint_id, resource_id)
    recorded = recorder.Recorder()
    moved = Moved()
    with concurrent.futures.ThreadPoolExecutor(arguments.threads) as executor:
        transfer.Transfer(
            executor=executor,
            check=lambda: None,
            progress=moved,
            verify="read_back" if arguments.read_back else "checksum",
            shelf=shelf_of(target, arguments.earlier),
        ).copy_section(
            source_section(
                source, checkpoint_id, resource_id, listed=arguments.listed
            ),
            section.BankSection(
                target, prefix, writable=True, recorder=recorded
            ),
            resource_id,
        )
    value = manifest_model.Manifest(
        checkpoint_id=checkpoint_id, entries=recorded.entries()
    )
    data = manifest.dump(value)
    key = keys.manifest_key(checkpoint_id)
    if arguments.durable:
        target.put(key, [data], size=len(data))
    else:
        with target.batch() as writer:
            writer.put(key, [data], size=len(data))
    if arguments.tell:
        print(json.dumps({"sent": moved.sent}))


def scrub(arguments: argparse.Namespace) -> None:
    """Read all of a checkpoint's section and compare with its manifest."""
    with concurrent.futures.ThreadPoolExecutor(arguments.threads) as executor:
        transfer.Transfer(
            executor=executor,
            check=lambda: None,
            progress=Moved(),
            verify="checksum",
        ).verify_section(
            source_section(
                bank_of(arguments.source),
                arguments.checkpoint,
                arguments.resource,
                listed=False,
            ),
            arguments.resource,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source")
    parser.add_argument("target", nargs="?")
    parser.add_argument(
        "--scrub", action="store_true", help="only read the source"
    )
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--durable", action="store_true")
    parser.add_argument("--read-back", action="store_true")
    parser.add_argument("--exclusive", action="store_true")
    parser.add_argument("--checkpoint", default=CHECKPOINT_ID)
    parser.add_argument("--resource", default=RESOURCE_ID)
    parser.add_argument("--earlier", help="checkpoint that the target has")
    parser.add_argument(
        "--known",
        action="store_false",
        dest="listed",
        help="go by the source's manifest",
    )
    parser.add_argument(
        "--tell", action="store_true", help="how much was sent"
    )
    arguments = parser.parse_args()
    if arguments.scrub == bool(arguments.target):
        parser.error("a target, or --scrub")
    (scrub if arguments.scrub else copy)(arguments)


if __name__ == "__main__":
    main()
