"""Disclosure control: which figures may leave the warehouse."""

from quality.disclosure.primary import PROTECTION, primary_protection_sql

__all__ = ["PROTECTION", "primary_protection_sql"]
