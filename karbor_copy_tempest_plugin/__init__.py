# SPDX-License-Identifier: Apache-2.0
"""Tempest's plugin: what an installed service is tested with."""
