# SPDX-License-Identifier: Apache-2.0
"""Protection plugins: what knows how to protect each type of resource."""
