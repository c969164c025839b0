"""Long work: each a task for a thread, and what comes of it.

- `jobs`: runs them.
- `resources`: what memory, disk, device and cluster that work may use; `remedies`: what a person
  can do where that is too little.
- `stroke_counts`: how many strokes each class has.
- `shares`: how much of each class there is.
- `preparing`, `live`, `finishing`, `exporting`, `preview`: one kind of work each;
  `labelling`: many volumes, by a model; `measuring`: objects, and their table;
  `profiling`: a body by depth; `keeping`: objects in a project;
  `editing`: what a person does to some of them; `asking`: what a person might.
- `agreement`: two segmentations compared; `compared_sides`: which are read for it.
- `accepting`: the voxels that labels give to a class.
- `plane_amounts`: what each plane has of each class; `places`: the next place to look at.
- `cleaning`: labels by a tool; `filling`: between painted slices.
- `in_full`: the slice in view in full quality; `other_partitions`: what that needs.
"""
