# SPDX-License-Identifier: Apache-2.0
"""What users do from end to end."""
