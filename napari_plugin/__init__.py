"""The napari plugin: everything that knows napari or Qt; what it shows is computed elsewhere.

Where to find what. What napari calls:

- `napari.yaml`: the manifest, what napari lists of us.
- `dock`: the dock widget; its parts are in `widgets`.
- `commands`: the entries of the command palette; `keys`: the keyboard.
- `window`: the desktop application, napari with the dock; `display` says what it lacks here.
- `readers`, `writers`: the engine's file formats as layers, and layers as files.
- `browsing`: a volume that is read as it is looked at; `asking`: which of several is meant.
- `samples`: the synthetic tomogram as layers.
- `settings`: what a person chose in napari's preferences.

What the dock does, without a widget:

- `session`: one viewer's segmentation, and how its parts hang together.
- `choices`: the parameters that a person chose; `advice`: what to do next.
- `extent`: a box around the view first, then the whole volume.
- `resources`: what memory, disk and cluster that work may use.
- `working_image`, `source`: from an image layer to what the engine segments.
- `classes`, with colours from `palette`: what is painted.
- `painting`: the layer of strokes; `region_brush`: painting whole supervoxels; `importing`: labels
  from elsewhere as strokes.
- `preparing`, `live`, `finishing`, `exporting`, `preview`, `unsure`: the long work, each a task
  for a thread and what comes of it; `jobs` runs them.
- `delivery`: final labels, and files of what there is.
- `keeping`: the project that strokes are written down in, with what `project_files` does on a
  thread; `recent`: the list of projects.
- `view`: what is shown of a result, as tables under `lookup` volumes; `layers`: how layers look.
- `busy_sign`: napari's, calmed.
- `layer_fields`: voxel size, unit, place, classes: from volumes to layers and back.
"""
