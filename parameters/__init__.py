"""Parameters that describe themselves: title, help, unit and range, written once.

Where to find what:

- `fields`: `parameter` and `stage` make the fields of a frozen dataclass, `check` refuses what lies
  out of their ranges, in sentences.
- `entries`: all fields of nested parameters one after the other, and copies with one changed.
- `json_reading`: parameters from JSON, checked down to the last value.

The stages declare their parameters in rooms above; options of the command line, fields of the
window, tables of reports and the check of files follow from them.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
