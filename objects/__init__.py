"""Objects: from labels to things that can be counted, measured and compared.

Where to find what:

- `instances`: connected components of each class, `find_objects`; or a volume that numbers objects
  already. `_components` has the kernels.
- `split`: objects that touch become several: `split_round` at necks, `split_image` by the image;
  `_flood` has the kernels.
- `edits`: what a person does to objects by hand, as data; `by_hand` carries it out, `cutting` says
  where a line cuts, `drawn` makes edits of what is drawn or chosen; `steps`: edits, rules and how
  objects are found, as a project keeps them; `by_steps` does all of it, and measures.
  `candidates`: which edits are probable. `keeping`: objects as a project keeps them.
- `measures`: all measures, `measure_objects`, in three tables: objects, contacts, classes.
  `definitions` says what each of them is, and where it is from; `again` measures after an edit.
- `sums`: what is added up over the voxels of objects in one pass, with `_sums`; `shape_columns`
  makes measures of it, `crofton` surfaces (with `_surface_parts`), `shape` axes and Feret
  diameters (with `_feret`).
- `intensities`: values of images in objects, brought together by `_gather`.
- `contacts`: which objects share faces; `relations`: neighbours, parents, distances, depths;
  `distances`: from every voxel to the nearest of some, with `_distance`; `overlaps`: voxels that
  pairs of ids have in common, with `_pairs`.
  `parents_file`: the parents that a project asks for.
- `totals`: classes, also within each parent; `profiles`: shells of a body, by depth.
- `table`: columns with a unit and a definition, as CSV and Parquet; `scale`: voxel size and units.
- `rules`: named steps that give objects another class by their measures.
- `cleaning`: specks, holes, rough surfaces put right, with `reshaping`, `outside`
  and `_fill`; `clean_steps`: what there is.
- `interpolation`: what lies between painted slices; `filling`: the same for each thing by itself,
  with `painted_things`, which finds them. Both by `slice_depths`
  and, with an image, `image_guide`. `gaps`: what stands in where an image has no number.
- `agreement`: two segmentations compared, class by class and object by object; `matching`: the
  objects that they have in common; `between_surfaces`: how far their surfaces are apart, with
  `_surface_voxels`; `differences`: where they differ.
- `checks`: what callers hand in; `errors`: `ObjectsError`.
"""

import lazy_loader
from supervox.execution import find_compiler_cache

find_compiler_cache(__file__)
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
