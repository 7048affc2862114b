# SPDX-License-Identifier: Apache-2.0
"""Karbor's options of leases on banks; leases in the database serve now."""

from oslo_config import cfg

IGNORED_OPTS = [
    cfg.IntOpt(
        name,
        help="Ignored; known so that a file of Karbor's can be used.",
    )
    for name in (
        "lease_expire_window",
        "lease_renew_window",
        "lease_validity_window",
    )
]
