"""Reports: what was done with a volume, for a person to read and to show.

Where to find what:

- `picture` (on a `_page` of paper): three sections of a volume and its labels, as an image.
- `summary`: what a project holds, as plain values.
- `methods`: the paragraph for a paper; `report`: all that is to be said of a project.
- `object_totals`: the objects of the labels, in numbers; `kept_objects`: those that a project has.
- `document`: headings, tables and pictures as Markdown or HTML; `report_files`: what is written.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
