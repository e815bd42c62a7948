"""Reusable pieces of Dagster definitions."""
