# SPDX-License-Identifier: Apache-2.0
"""The truth: a model provider and an OTLP receiver that know exactly what they said."""
import os
import sys

# The formats that it speaks are the package `wire` in tests/.
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
