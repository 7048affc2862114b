# SPDX-License-Identifier: Apache-2.0
"""The reason for it all: a bank is lost, and nothing with it."""

import os
import pathlib

from tempest import config
from tempest.lib import decorators

from karbor_copy_tempest_plugin.tests import base

CONF = config.CONF


@decorators.serial
class LostBankTest(base.ProtectedTest):
    """Alone, for it moves away a bank that other tests work with."""

    @classmethod
    def skip_checks(cls) -> None:
        """Skip the class where it can't get at the bank."""
        super().skip_checks()
        if not CONF.data_protection.bank_path:
            raise cls.skipException("[data_protection] bank_path is empty")

    def lose_bank(self) -> None:
        bank = pathlib.Path(CONF.data_protection.bank_path)
        lost = bank.with_name(f"{bank.name}.lost")
        os.rename(bank, lost)
        self.addCleanup(os.rename, lost, bank)

    @decorators.attr(type="slow")
    @decorators.idempotent_id("ac35e991-3520-4dbd-aa9c-6ee051707a0a")
    def test_volumes_come_back_from_the_copy(self) -> None:
        self.volumes.remove()
        older, newer = self.data, os.urandom(base.SIZE)
        volume = self.volumes.create(newer)
        self.member.update_plan(self.plan["id"], resources=[volume])
        second = self.protect()
        copy = self.copied()
        copies = {
            member["checkpoint_id"]: member["checkpoint_copy_id"]
            for member in copy["checkpoint_copies"]
        }
        self.assertEqual({self.checkpoint["id"], second["id"]}, set(copies))

        self.lose_bank()
        self.volumes.remove()
        for checkpoint_id in copies.values():
            self.restored(self.target["id"], checkpoint_id)
        self.assertEqual(sorted([older, newer]), self.volumes.contents())
