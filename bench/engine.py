# SPDX-License-Identifier: Apache-2.0
"""The copy engine as a process of its own: one section, bank to bank.

It imports no oslo library, as a service's start-up is not what is measured.
"""

import argparse
import concurrent.futures

from karbor_copy.banks import directory
from karbor_copy.banks import directory_files
from karbor_copy.banks import keys
from karbor_copy.banks import manifest
from karbor_copy.banks import recorder
from karbor_copy.banks import section
from karbor_copy.banks import transfer
from karbor_copy.data_models import manifest as manifest_model

CHECKPOINT_ID = "22b82aa7-9179-4c71-bba2-caf5c0e68db7"
RESOURCE_ID = "3f8af6c6-ecea-42bd-b44c-724785bbe5ea"
CONTAINER = "karbor"


class NoProgress:
    """Nobody looks."""

    def add_total(self, resource_key: str, objects: int, size: int) -> None:
        pass

    add_copied = add_skipped = add_total


def no_flush(file: int) -> None:
    pass


def copy(arguments: argparse.Namespace) -> None:
    source = directory.DirectoryBank(arguments.source, CONTAINER)
    target = directory.DirectoryBank(arguments.target, CONTAINER)
    if not arguments.durable:
        directory_files.sync_file_system = no_flush
    target.set_up()
    prefix = keys.section_prefix(CHECKPOINT_ID, RESOURCE_ID)
    recorded = recorder.Recorder()
    with concurrent.futures.ThreadPoolExecutor(arguments.threads) as executor:
        transfer.Transfer(
            executor=executor,
            check=lambda: None,
            progress=NoProgress(),
            verify="read_back" if arguments.read_back else "checksum",
        ).copy_section(
            section.BankSection(source, prefix, writable=False),
            section.BankSection(
                target, prefix, writable=True, recorder=recorded
            ),
            RESOURCE_ID,
        )
    value = manifest_model.Manifest(
        checkpoint_id=CHECKPOINT_ID, entries=recorded.entries()
    )
    data = manifest.dump(value)
    key = keys.manifest_key(CHECKPOINT_ID)
    if arguments.durable:
        target.put(key, [data], size=len(data))
    else:
        with target.batch() as writer:
            writer.put(key, [data], size=len(data))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source")
    parser.add_argument("target")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--durable", action="store_true")
    parser.add_argument("--read-back", action="store_true")
    copy(parser.parse_args())


if __name__ == "__main__":
    main()
