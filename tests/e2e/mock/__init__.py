# SPDX-License-Identifier: Apache-2.0
"""The truth: a model provider and an OTLP receiver that know exactly what they said."""
