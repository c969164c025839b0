"""The napari plugin: everything that knows napari or Qt; what it shows is computed elsewhere.

Where to find what:

- `napari.yaml`: the manifest, what napari lists of us.
- `window`: the desktop application, napari with the dock; `display` says what it lacks here.
- `readers`, `writers`: the engine's file formats as layers, and layers as files.
- `browsing`: a volume that is read as it is looked at.
- `layer_fields`: voxel size, unit, place, classes: from volumes to layers and back.
- `samples`: the synthetic tomogram as layers.
- `settings`: what a person chose in napari's preferences.
"""
