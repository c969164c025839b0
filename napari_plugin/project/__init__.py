"""The project of a window: strokes are kept as they are painted.

- `autosave`: strokes, choices and results written down as they change, in an `open_project`, which
  begins with the first stroke, or by `opening` one.
- `file_work`: work on its files, one after the other; `last_view`: how it was looked at.
- `project_files`: what is done with it on a thread; `restoring`: what was computed another
  time; `recent`: the list of projects; `recent_picture`: a small picture of each.
- `saved`: whether all strokes are written down.
- `work`: what there is in a window that a project keeps.
"""
