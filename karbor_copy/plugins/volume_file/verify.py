# SPDX-License-Identifier: Apache-2.0
"""Verifies a volume: its objects are right, and make up a whole volume."""

from karbor_copy import exceptions
from karbor_copy.banks import section as bank_section
from karbor_copy.banks import transfer as bank_transfer
from karbor_copy.plugins import bank_data
from karbor_copy.plugins.volume_file import chunks


class VerifyOperation(bank_data.BankVerifyOperation):
    """Checks the chunks against the metadata too."""

    def check_content(
        self,
        section: bank_section.BankSection,
        transfer: bank_transfer.Transfer,
    ) -> None:
        """Check that every chunk is there in the size that it must have.

        :raises SourceCorrupt: one has another size, or the metadata makes
            no volume.
        :raises ObjectNotFound: one is missing.
        """
        metadata = chunks.read_metadata(
            section, buffer=chunks.new_buffer(), check=transfer.check
        )
        for index, name in metadata.chunks.items():
            transfer.check()
            size = section.stat(name).size
            if size != metadata.length(index):
                raise exceptions.SourceCorrupt(
                    key=name,
                    reason=f"{size} bytes instead of {metadata.length(index)}",
                )
