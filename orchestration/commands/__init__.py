"""Commands that stand apart from the chain, a module each.

A module has ``register(command)``: it calls ``command(name, function, text)``, gets an argument
parser back and adds its options. ``function`` takes (home, options) and returns (exit code, result
for ``--json`` or None); it imports what it needs when it runs, so that the command line stays quick.
"""

from __future__ import annotations

from types import ModuleType

from orchestration.commands import (
    attack,
    check,
    contract,
    erase,
    prepare,
    releases,
    retain,
    status,
    trace,
    withdraw,
    workbooks,
)

MODULES: tuple[ModuleType, ...] = (
    status,
    releases,
    trace,
    workbooks,
    check,
    withdraw,
    erase,
    retain,
    prepare,
    contract,
    attack,
)
