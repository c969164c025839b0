"""The napari plugin: everything that knows napari or Qt; what it shows is computed elsewhere.

Where to find what. What napari calls:

- `napari.yaml`: the manifest, what napari lists of us.
- `dock`: the dock widget; its parts are in `widgets`; `dock_sections`: what they can have done.
- `commands`: the entries of the command palette; `keys`: the keyboard.
- `objects_step`: joins the step Objects and its table with what they show.
- `surroundings`: what there is around the dock; `face`: what of napari's window is our own;
  `below_picture`: the panel below the picture; `finishing_tools`: those in the step Objects.
- `window`: the desktop application, napari with the dock; `display` says what it lacks here.
- `io`: volumes and labels as layers, and back.
- `volume_reader`, `project_reader`: what napari is asked to open; `dropping`: files dropped on it.
- `settings`: what a person chose in napari's preferences.

What the dock does, without a widget:

- `session`: one viewer's segmentation, and how its parts hang together.
- `layers`: what of the viewer is segmented, and how results look.
- `painting`: classes and strokes; `project`: how they are kept.
- `tasks`: long work, on threads; `busy_sign`: napari's sign of it, calmed; `brush_circle`: its
  circle around the brush, without what ended the program.
"""
