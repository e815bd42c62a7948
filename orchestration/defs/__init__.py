"""Dagster definitions, one thing a file."""
