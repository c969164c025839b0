"""Files and layers: what comes in, what goes out.

- `readers`, `writers`: the engine's file formats as layers, and layers as files.
- `browsing`: a volume that is read as it is looked at.
- `preferred_reader`: whether napari asks which reader to take.
- `file_names`: names of layers as names of files.
- `questions`: what only a person can say of a file, as which of several volumes is meant.
- `samples`: the synthetic tomogram as layers.
- `layer_fields`: voxel size, unit, place, classes: from volumes to layers and back.
"""
