"""The command ``supervox``.

Where to find what:

- `commands`: the list of commands; a command's module is only loaded when it is called.
- `open`, `segment`, `apply`, `score`, `compare`, `objects`, `clean`, `interpolate`, `sample`,
  `info`, `convert`, `picture`: one command each. `objects_run`: what ``objects`` does;
  `object_files`: what it writes; `labels_in`: labels of a file or a project; `agreement`: how far
  two segmentations agree.
- `check`, `export`, `write_report`: commands on a project; `projects` is what they share.
- `segment_request`: what ``segment`` was asked for; `segment_run`: what it does then;
  `segment_project`: the same in a project.
- `options`: the options that several commands have; `parameter_options`: those that parameters
  become; `balance_options`: more and less of a class.
- `budget`: the memory that a command may use.
- `inputs`: volumes and strokes opened, checked and read.
- `batch`: many volumes, one after the other, also after one that fails.
- `outputs`: files that appear together, complete, or not at all; `results` fills them.
- `progress`: bars and lines on stderr while a command works.
- `report`: what was done, as a table or as JSON, on stdout.
- `errors`: what went wrong, in one line on stderr, and exit codes; `remedies`: what to do about it.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
