"""The chain from deliveries to a release: the `aftercare` command and Dagster's definitions.

``steps`` holds what is done, as plain functions; ``cli`` and ``defs/`` are two ways to start it.
"""
