"""The project: a folder that keeps volume, strokes and results together, and never loses a stroke.

Where to find what, from the single stroke to the whole:

- `errors`: `ProjectError`, the only exception that bad folders lead to, and `Finding`, what a
  person should know of one.
- `changes`: voxels that got another class; `classes`: the table of classes.
- `records`, `journal` (on an `_index`, read by `_scan`, its end noted in a `_head`): every change,
  in an append-only file.
- `writer`: the journal written in the background.
- `undo`: what the records say of undo and redo; `made_changes`: the changes themselves, read again;
  `stroke_order`: at which step what was painted, `order_file`: that as a volume beside strokes;
  `by_tools`: which corrections no person painted.
- `recorder`: what was painted by somebody else, noticed and written down.
- `annotations`: the painted volumes, put together of a snapshot and the journal's tail in
  `_recovery`; `saved_records`: the records on their way to the disk; `recorded`: what they make of
  the volumes, of which `snapshots` are taken, and compared.
- `project` (helped by `_folder`): the whole, made and opened, in a folder as `layout` has it;
  `copies`: in another folder; `lock`: one process may write.
- `inside`: nothing in a project is followed out of its folder.
- `view_file`: how the volume was looked at last.
- `settings`: volume, voxel size, box and parameters, in a `settings_file`; `references`: its
  images, found and known again; `channels`: further images of the same voxels; `mask`: where the
  volume has no data; `history`: what was done, and with what.
- `derived`: what was computed, if it is still true: `partition_store` (of each partition as
  `partition_parts` has it), `object_store`, `result_store` and `model_file`.
- `compute`: what is there used, what is missing computed; `checkpoints`: the same for a preparation
  that has no project.
- `corrections`: what was painted over labels by hand, laid over a result.
- `documents`, `array_parts`: JSON files and arrays that appear complete, and tell when they are
  damaged; `aside`: damaged bytes are kept beside their file.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
