"""The project of a window: strokes are kept as they are painted.

- `autosave`: the project that strokes are written down in.
- `project_files`: what is done with it on a thread; `restoring`: what was computed another
  time; `recent`: the list of projects.
- `work`: what there is in a window that a project keeps.
"""
