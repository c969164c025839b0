"""The table of formats, from which doors, command line, plugin and docs derive."""

from . import (
    hdf5_reading,
    hdf5_writing,
    mesh,
    mrc,
    mrc_writing,
    nifti,
    nrrd_reading,
    nrrd_writing,
    numpy_format,
    picture,
    raw,
    tiff_folder,
    tiff_reading,
    tiff_writing,
    txrm,
    zarr_reading,
    zarr_writing,
)
from .address import Address
from .errors import VolumeError
from .formats import Carried, Format

_ALL: frozenset[Carried] = frozenset({"spacing", "unit", "origin", "probabilities", "classes"})
_INTEGERS = frozenset({"uint8", "int8", "uint16", "int16", "uint32", "int32"})
_NUMBERS = _INTEGERS | {"uint64", "int64", "float32", "float64"}
_PLACE: frozenset[Carried] = frozenset({"spacing", "unit", "origin"})
_MRC = (".mrc", ".rec", ".st", ".map", ".ali", ".mrcs", ".ccp4")
_MESH = "class=NUMBER for one class only; smooth=STEPS"

FORMATS: tuple[Format, ...] = (
    Format(
        name="OME-TIFF",
        extensions=(".ome.tif", ".ome.tiff"),
        description="TIFF with OME metadata, as microscopes and Bio-Formats write it",
        open=tiff_reading.open_tiff,
        create=tiff_writing.create_ome_tiff,
        carries=_ALL,
        dtypes=_INTEGERS | {"float32", "float64"},
        inside="the number of an image; c=, t=, axes=zcyx",
    ),
    Format(
        name="TIFF",
        extensions=(".tif", ".tiff"),
        description="TIFF stack, plain, ImageJ or BigTIFF; written for ImageJ where it can read it",
        open=tiff_reading.open_tiff,
        create=tiff_writing.create_tiff,
        carries=_ALL,
        dtypes=_INTEGERS | {"float32", "float64"},
        inside="the number of an image; c=, t=, axes=zcyx",
    ),
    Format(
        name="MRC",
        extensions=_MRC,
        description="electron tomography; uint8 is stored as uint16, which MRC has",
        open=mrc.open_mrc,
        create=mrc_writing.create_mrc,
        carries=_PLACE,
        dtypes=frozenset({"uint8", "int8", "uint16", "int16", "float16", "float32"}),
    ),
    Format(
        name="MRC, packed",
        extensions=tuple(f"{ending}{packed}" for ending in _MRC for packed in (".gz", ".bz2")),
        description="the same through gzip or bzip2, as EMDB has it; unpacked at the first look",
        open=mrc.open_mrc,
        create=None,
        carries=_PLACE,
    ),
    Format(
        name="HDF5",
        extensions=(".h5", ".hdf5", ".hdf", ".nxs"),
        description="HDF5 and NeXus, as beamlines write it",
        open=hdf5_reading.open_hdf5,
        create=hdf5_writing.create_hdf5,
        carries=_ALL,
        dtypes=_NUMBERS | {"float16"},
        inside="the path of a dataset; c=, t=, axes=zcyx",
        writes_inner=True,
    ),
    Format(
        name="Zarr",
        extensions=(".zarr",),
        description="Zarr array or group, OME-Zarr 0.4 and 0.5; written as OME-Zarr 0.5",
        open=zarr_reading.open_zarr,
        create=zarr_writing.create_zarr,
        carries=_ALL,
        dtypes=_NUMBERS | {"float16"},
        inside="a pyramid level or the path of an array; c=, t=, axes=zcyx",
        is_folder=True,
        recognises=zarr_reading.is_zarr,
    ),
    Format(
        name="NRRD",
        extensions=(".seg.nrrd", ".nrrd"),
        description="NRRD, and segmentations of 3D Slicer with names and colours",
        open=nrrd_reading.open_nrrd,
        create=nrrd_writing.create_nrrd,
        carries=_ALL,
        dtypes=_NUMBERS,
        inside="c=, t=; orientation=stored",
        needs="nrrd",
    ),
    Format(
        name="NIfTI",
        extensions=(".nii.gz", ".nii"),
        description="NIfTI-1 and NIfTI-2, of medical imaging; written in millimetres",
        open=nifti.open_nifti,
        create=nifti.create_nifti,
        carries=_PLACE | {"classes"},
        dtypes=_NUMBERS,
        inside="t=, c=; orientation=stored",
        needs="nibabel",
    ),
    Format(
        name="NumPy",
        extensions=(".npy",),
        description="an array of numbers, as numpy.save writes it; without a voxel size",
        open=numpy_format.open_numpy,
        create=numpy_format.create_numpy,
        carries=frozenset({"probabilities"}),
        dtypes=_NUMBERS | {"float16"},
        inside="c=, t=, axes=zcyx",
    ),
    Format(
        name="Zeiss TXRM",
        extensions=(".txm", ".txrm", ".xrm"),
        description="X-ray microscopes of Zeiss (Xradia): reconstructions and tilt series",
        open=txrm.open_txrm,
        create=None,
        carries=_PLACE,
        needs="olefile",
    ),
    Format(
        name="RAW",
        extensions=(".raw", ".vol"),
        description="values alone, of which the address says what they are",
        open=raw.open_raw,
        create=None,
        inside="shape=ZxYxX, dtype=uint16; order=big, offset=BYTES, axes=, c=",
    ),
    Format(
        name="TIFF slices",
        extensions=(),
        description="a folder of TIFF files, one plane each, in the order of their numbers",
        open=tiff_folder.open_tiff_folder,
        create=None,
        is_folder=True,
        recognises=tiff_folder.is_tiff_folder,
    ),
    Format(
        name="Picture",
        extensions=(".png", ".jpg", ".jpeg", ".bmp"),
        description="PNG, JPEG and BMP: one plane, without a voxel size; colours are channels",
        open=picture.open_picture,
        create=None,
        inside="s=0 for red, 1 for green, 2 for blue",
    ),
    Format(
        name="STL",
        extensions=(".stl",),
        description="surfaces of labels, smoothed, for CAD programs and 3D printers",
        open=None,
        create=mesh.create_stl,
        carries=_PLACE,
        dtypes=_INTEGERS | {"uint64", "int64"},
        inside=_MESH,
        needs="skimage",
        is_mesh=True,
        write_settings=mesh.SETTINGS,
    ),
    Format(
        name="PLY",
        extensions=(".ply",),
        description="surfaces of labels, smoothed, in the colours of the classes",
        open=None,
        create=mesh.create_ply,
        carries=_PLACE | {"classes"},
        dtypes=_INTEGERS | {"uint64", "int64"},
        inside=_MESH,
        needs="skimage",
        is_mesh=True,
        write_settings=mesh.SETTINGS,
    ),
    Format(
        name="OBJ",
        extensions=(".obj",),
        description="surfaces of labels, smoothed, a group for each class",
        open=None,
        create=mesh.create_obj,
        carries=_PLACE | {"classes"},
        dtypes=_INTEGERS | {"uint64", "int64"},
        inside=_MESH,
        needs="skimage",
        is_mesh=True,
        write_settings=mesh.SETTINGS,
    ),
)


def format_of(address: Address) -> Format:
    """Return the format of a file that exists or is to be made, by its name.

    Raises
    ------
    VolumeError
        If no format has that ending; the message lists those that there are.
    """
    path = address.path
    name = path.name.lower()
    matches = [
        (len(extension), entry)
        for entry in FORMATS
        for extension in entry.extensions
        if name.endswith(extension)
    ]
    if matches:
        return max(matches, key=lambda match: match[0])[1]
    if path.is_dir():
        for entry in FORMATS:
            if entry.recognises is not None and entry.recognises(path):
                return entry
        raise VolumeError(f"{path}: is a folder, not a volume; give one file, or a .zarr folder")
    known = ", ".join(extension for entry in FORMATS for extension in entry.extensions)
    ending = f"the ending {path.suffix!r} isn't known" if path.suffix else "the name has no ending"
    raise VolumeError(f"{path}: {ending}; supervox knows {known}")
