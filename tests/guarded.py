"""An array module that is as strict as CuPy, on NumPy: for tests without a device.

Its arrays refuse what CuPy's do: to mix with arrays of NumPy, and to become one unasked.
"""

from __future__ import annotations

from typing import Any

import numpy as np

NUMPY_ONLY = "an array of NumPy meets one of the device"


class Guarded(np.ndarray):
    """An array of the pretended device."""

    def __array_ufunc__(self, ufunc, method, *inputs, out=(), **kwargs):
        refuse((*inputs, *out))
        plain = [open_up(item) for item in (*inputs, *out)]
        if out:
            kwargs["out"] = tuple(plain[len(inputs) :])
        return close(getattr(ufunc, method)(*plain[: len(inputs)], **kwargs))

    def __array_function__(self, function, types, args, kwargs):
        raise TypeError(f"numpy.{function.__name__} is called with an array of the device")

    def __getitem__(self, key):
        refuse(key if isinstance(key, tuple) else (key,))
        key = tuple(map(open_up, key)) if isinstance(key, tuple) else open_up(key)
        return close(open_up(self)[key])

    def __setitem__(self, key, value):
        refuse((value,))
        open_up(self)[key] = open_up(value)


class Module:
    """NumPy's functions for `Guarded` arrays."""

    def __getattr__(self, name: str) -> Any:
        found = getattr(np, name)
        if isinstance(found, type) or not callable(found):
            return found

        def call(*args, **kwargs):
            if name != "asarray":
                refuse(args)
            return close(found(*map(open_up, args), **kwargs))

        return call

    @staticmethod
    def asnumpy(array: Guarded) -> np.ndarray:
        assert isinstance(array, Guarded)
        return open_up(array).copy()


def refuse(items) -> None:
    for item in items:
        if isinstance(item, list | tuple):
            refuse(item)
        elif isinstance(item, np.generic) or (
            isinstance(item, np.ndarray) and not isinstance(item, Guarded)
        ):
            raise TypeError(NUMPY_ONLY)


def open_up(item):
    if isinstance(item, list | tuple):
        return type(item)(map(open_up, item))
    return item.view(np.ndarray) if isinstance(item, Guarded) else item


def close(item):
    if isinstance(item, tuple):
        return tuple(map(close, item))
    if isinstance(item, np.generic):
        item = np.asarray(item)
    return item.view(Guarded) if isinstance(item, np.ndarray) else item
