"""Which axis of an array in a file is plane, row and column; what to do with the others."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .address import Address
from .arrays import ArraySource, VolumeArray
from .calibration import times
from .errors import Choice, VolumeError

_SPATIAL = ("z", "y", "x")
_WORDS = {
    "z": ("depth", "plane", "planes", "slice", "slices", "section", "sections", "dim_z", "axis_z"),
    "y": ("height", "row", "rows", "dim_y", "axis_y"),
    "x": ("width", "column", "columns", "col", "cols", "dim_x", "axis_x"),
    "c": ("channel", "channels", "band"),
    "t": ("time",),
    "s": ("rgb", "rgba", "sample", "samples"),
}
_LETTERS = {word: letter for letter, words in _WORDS.items() for word in words}
_COLOURS = (3, 4)
_COLOUR_NAMES = ("red", "green", "blue", "alpha")
_CHANNELS = "cs"  # letters of axes along which there are images of the same voxels
_SINGULAR = {"c": "channel", "t": "time point", "s": "sample"}
_MOST_CHOICES = 1000  # what nobody reads to the end
_SMALLEST_PICTURE = 16  # rows and columns; a volume of three columns is no volume


def check_values(dtype: Any, address: Address, what: str = "it") -> None:
    """Refuse values that aren't real numbers."""
    kind = np.dtype(dtype).kind
    if kind == "c":
        raise VolumeError(
            f"{address}: {what} holds complex numbers; save its magnitude or its real part"
        )
    if kind not in "biuf":
        raise VolumeError(f"{address}: {what} holds {np.dtype(dtype)}, not numbers")


def letter_of(name: str) -> str:
    """Return the letter of an axis that is called by a letter or a word."""
    lower = name.strip().lower()
    return _LETTERS.get(lower, lower)


def known_letters(names: Sequence[str]) -> list[str] | None:
    """Return the letters of axes; None if there are no rows and columns among the names."""
    letters = [letter_of(name) for name in names]
    return letters if {"y", "x"} <= set(letters) else None


def looks_coloured(shape: Sequence[int], dtype: Any) -> bool:
    """Say whether an array is a picture in colour, of red, green and blue bytes as last axis."""
    if len(shape) < 3 or np.dtype(dtype) != np.uint8:
        return False
    return shape[-1] in _COLOURS and min(shape[-3:-1]) >= _SMALLEST_PICTURE


def arrange(
    source: ArraySource, axes: Sequence[str] | None, address: Address, format_name: str
) -> VolumeArray:
    """View a source of any dimension as a volume, or say why it isn't one.

    Parameters
    ----------
    source
        The array as the file has it.
    axes
        Its axes as the file names them (``"TCZYX"``), or None if the file doesn't say.
    address
        Where it came from; its settings may pick a channel (``c=1``) or a time (``t=0``), or name
        the axes (``axes=zcyx``).
    format_name
        For messages.
    """
    check_values(source.dtype, address)
    if any(length < 1 for length in source.shape):
        raise VolumeError(f"{address}: the volume is empty, its shape is {tuple(source.shape)}")
    settings = dict(address.settings)
    said = settings.pop("axes", None)
    if said is not None and len(said) != len(source.shape):
        raise VolumeError(
            f"{address}: 'axes={said}' names {len(said)} axes, there are {len(source.shape)}"
        )
    if said is None and axes is None and looks_coloured(source.shape, source.dtype):
        axes = "zyxs"[-len(source.shape) :] if len(source.shape) <= 4 else None
    letters = _name_axes(source.shape, said or axes, address)
    others = [letter for letter in letters if letter not in _SPATIAL]
    unknown = [key for key in settings if key not in others]
    if unknown:
        raise VolumeError(
            f"{address}: there is no axis {', '.join(unknown)!r} to pick from "
            f"(axes: {', '.join(others) or 'none'})"
        )
    sizes = dict(zip(letters, source.shape, strict=True))
    # channels last: what is asked of the other axes holds for each of them
    in_turn = sorted(others, key=lambda letter: letter in _CHANNELS)
    fixed = {letter: _pick(letter, sizes, settings.get(letter), address) for letter in in_turn}
    return VolumeArray(source, letters, fixed, address, format_name)


def _name_axes(shape: Sequence[int], axes: Sequence[str] | None, address: Address) -> list[str]:
    """Give every axis a letter of its own, lower case; y and x are always among them."""
    if axes is None:
        axes = _guess_axes(shape, address)
    letters = [letter_of(letter) for letter in axes]
    if "z" not in letters:
        sequences = [i for i, letter in enumerate(letters) if letter in "iqr?" and shape[i] > 1]
        if len(sequences) == 1:
            letters[sequences[0]] = "z"
    if len(set(letters)) < len(letters):
        repeated = [i for i, letter in enumerate(letters) if letters.count(letter) > 1]
        for number, i in enumerate(repeated):
            letters[i] = "abdefgh"[number] if number < 7 else f"axis{i}"
    if not {"y", "x"} <= set(letters):
        longest = max(len(name) for name in axes)
        named = "".join(axes).upper() if longest == 1 else ", ".join(axes)
        example = address.with_item(f"axes={'tczyx'[-len(shape) :]}")
        raise VolumeError(
            f"{address}: has axes {named} of {times(shape)}, but a volume needs rows (Y) and "
            f"columns (X); say which axis is which, for instance '{example}'"
        )
    return letters


def _guess_axes(shape: Sequence[int], address: Address) -> list[str]:
    """Name unnamed axes: the last three are z, y, x once singletons are set aside."""
    if len(shape) < 2:
        raise VolumeError(
            f"{address}: has {len(shape)} dimensions; a volume needs three (planes, rows, columns)"
        )
    kept = list(range(len(shape)))
    for i, length in enumerate(shape):
        if len(kept) > 3 and length == 1:
            kept.remove(i)
    if len(kept) > 3:
        names = "tczyx"[-len(shape) :] if len(shape) <= 5 else "..."
        example = address.with_item(f"axes={names},c=0")
        raise VolumeError(
            f"{address}: has {len(shape)} dimensions ({times(shape)}) and doesn't say which are "
            f"planes, rows and columns; say it, for instance '{example}'",
            choices=_readings(shape, kept, address),
            what=f"an array of {times(shape)}",
        )
    return _letters(dict(zip(kept, "zyx"[-len(kept) :], strict=True)), len(shape))


def _letters(known: Mapping[int, str], count: int) -> list[str]:
    """Return a letter for each axis: those that are known, and spare ones for the others."""
    spare = iter("abdefghijklmn")
    return [known.get(axis) or next(spare) for axis in range(count)]


def _readings(shape: Sequence[int], kept: Sequence[int], address: Address) -> tuple[Choice, ...]:
    """Return what an array of four or five unnamed axes that are kept may be, the likeliest first.

    What a reading leaves open (which time point) is asked next.
    """
    sizes = [shape[axis] for axis in kept]
    first, second, last = sizes[0], sizes[1], sizes[-1]
    if len(sizes) == 4:
        readings = [
            (f"{first} channels of {times(sizes[1:])} voxels", "czyx"),
            (f"{first} time points of {times(sizes[1:])} voxels", "tzyx"),
            (f"{second} channels (second axis) of {times((first, *sizes[2:]))} voxels", "zcyx"),
            (f"{last} channels (last axis) of {times(sizes[:-1])} voxels", "zyxc"),
        ]
        if last < first:
            readings.insert(0, readings.pop())
    elif len(sizes) == 5:
        voxels = f"of {times(sizes[2:])} voxels"
        readings = [
            (f"{first} time points with {second} channels {voxels}", "tczyx"),
            (f"{first} channels with {second} time points {voxels}", "ctzyx"),
        ]
    else:
        return ()
    named = {
        text: _letters(dict(zip(kept, axes, strict=True)), len(shape)) for text, axes in readings
    }
    return tuple(
        Choice(text, str(address.taking(axes="".join(letters)))) for text, letters in named.items()
    )


def _pick(letter: str, sizes: Mapping[str, int], wanted: str | None, address: Address) -> int:
    """Return the index to take along an axis that isn't spatial."""
    length = sizes[letter]
    if wanted is not None:
        if not wanted.isdigit() or int(wanted) >= length:
            raise VolumeError(f"{address}: {letter} goes from 0 to {length - 1}, not {wanted!r}")
        return int(wanted)
    if length == 1:
        return 0
    if letter == "s" and length in (3, 4):
        kind = "RGBA" if length == 4 else "RGB"
        planes = "zyx" if len(sizes) == 3 else "czyx"
        raise VolumeError(
            f"{address}: is an {kind} picture; supervox needs one channel: save it as greyscale, "
            f"or pick one with '{address.with_item('s=0')}' (if it is none, say "
            f"'{address.with_item(f'axes={planes}')}')",
            channels=tuple(
                Choice(name, str(address.taking(s=str(k))))
                for k, name in enumerate(_COLOUR_NAMES[:3])
            ),
            what="colours",
        )
    hint = f"pick one with '{address.with_item(f'{letter}=0')}'"
    if sizes.get("z", 1) == 1:
        names = "".join("z" if name == letter else name for name in sizes if name != "z")
        hint += f", or if they are planes say '{address.with_item(f'axes={names}')}'"
    words = {"c": "channels", "t": "time points", "s": "samples a voxel"}.get(
        letter, f"entries along axis {letter!r}"
    )
    entries = _entries(letter, length, address)
    are_channels = letter in _CHANNELS
    raise VolumeError(
        f"{address}: holds {length} {words}; {hint}",
        choices=() if are_channels else (*_as_planes(letter, sizes, address), *entries),
        channels=entries if are_channels else (),
        what=f"{length} {words}",
    )


def _entries(letter: str, length: int, address: Address) -> tuple[Choice, ...]:
    """Return what takes each entry along an axis."""
    word = _SINGULAR.get(letter, f"entry along axis {letter!r},")
    counted = "channel {0}" if letter in _CHANNELS else f"{word} {{1}} of {length}"
    return tuple(
        Choice(counted.format(k, k + 1), str(address.taking(**{letter: str(k)})))
        for k in range(min(length, _MOST_CHOICES))
    )


def _as_planes(letter: str, sizes: Mapping[str, int], address: Address) -> tuple[Choice, ...]:
    """Return what takes the entries along an axis for planes, where there is one plane or none."""
    if sizes.get("z", 1) > 1 or any(len(name) > 1 for name in sizes):
        return ()
    renamed = {letter: "z", "z": "q"}  # there is one plane, which stays as it is
    axes = "".join(renamed.get(name, name) for name in sizes)
    words = {"t": "time points"}.get(letter, f"entries along axis {letter!r}")
    return (Choice(f"all {sizes[letter]} {words} as planes", str(address.taking(axes=axes))),)
