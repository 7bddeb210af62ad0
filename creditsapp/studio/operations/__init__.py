"""The paid operations: each file here is one, each folder holds what one of them needs."""

import pkgutil
from importlib import import_module

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
