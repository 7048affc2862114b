# SPDX-License-Identifier: Apache-2.0
"""What tempest asks of a plugin: its tests, its options, its client."""

import pathlib
from typing import Any

from oslo_config import cfg
from tempest import config as tempest_config
from tempest.test_discover import plugins

from karbor_copy_tempest_plugin import config

PACKAGE = pathlib.Path(__file__).parent


class KarborCopyTempestPlugin(plugins.TempestPlugin):
    """The tests of karbor_copy."""

    def load_tests(self) -> tuple[str, str]:
        """Return the directory of the tests, and that of the package."""
        return str(PACKAGE / "tests"), str(PACKAGE.parent)

    def register_opts(self, conf: cfg.ConfigOpts) -> None:
        """Register what an operator says of the installation."""
        for group, options in self.get_opt_lists():
            conf.register_opts(options, group)

    def get_opt_lists(self) -> list[tuple[str, list[cfg.Opt]]]:
        """Return groups and options, for the sample configuration too."""
        return [
            ("service_available", config.SERVICE_AVAILABLE_OPTS),
            (config.GROUP, config.OPTS),
        ]

    def get_service_clients(self) -> list[dict[str, Any]]:
        """Return what makes ``data_protection`` of a client manager."""
        return [
            {
                "name": "data_protection",
                "service_version": "data_protection.v1",
                "module_path": "karbor_copy_tempest_plugin.client",
                "client_names": ["DataProtectionClient"],
                **tempest_config.service_client_config(config.GROUP),
            }
        ]
