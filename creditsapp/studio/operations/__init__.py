"""The paid operations: each file here is one, each folder holds what one of them needs."""

import pkgutil
from collections.abc import Mapping
from importlib import import_module

from creditsapp.prices import Price, PriceList
from creditsapp.settings import SettingsError
from creditsapp.studio.operation import Operation


def _collect() -> dict[str, Operation]:
    modules = [
        import_module(f"{__name__}.{info.name}")
        for info in pkgutil.iter_modules(__path__)
        if not info.ispkg
    ]
    found = [
        value for module in modules for value in vars(module).values() if type(value) is Operation
    ]
    return {each.name: each for each in sorted(found, key=lambda each: (each.order, each.title))}


OPERATIONS: dict[str, Operation] = _collect()


def price_list(overrides: Mapping[str, Price]) -> PriceList:
    """The operations' own prices and what CREDIT_COSTS says instead or beside them.

    Raise SettingsError with a line for each operation that cannot count the unit of its price.
    """
    problems = []
    for name, each in OPERATIONS.items():
        per = overrides.get(name, each.cost).per
        if per and (each.quantity is None or each.cost.per not in (None, per)):
            counted = f" or per {each.cost.per}" if each.cost.per else ""
            problems.append(f"CREDIT_COSTS.{name.upper()}: is per {per}; it must be flat{counted}")
    if problems:
        raise SettingsError("\n".join(problems))
    return PriceList({name: each.cost for name, each in OPERATIONS.items()} | dict(overrides))
