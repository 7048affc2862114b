# SPDX-License-Identifier: Apache-2.0
"""Providers: one bank plus plugins in one region, each."""

from karbor_copy.client.v1 import collection


class Providers(collection.NamedResources):
    """``/providers``."""

    KEY = "provider"
    PLURAL = "providers"
