"""One viewer's segmentation, without a widget.

- `session`: what one of its `parts` means for the others; `dock_state`: what the dock shows of
  them, as frozen values, made of `state_pieces`; `snapshot`: reads those from a session;
  `next_step`: what to do next, from those; `opening_state`: likewise of what is being opened.
- `objects`: what the final labels consist of, in the picture, where `object_marks` outline and
  colour them; `kept_objects` has the project keep them; `objects_state`: what the dock shows of
  it, read by `object_snapshot`. `profiles`: the body that they lie in, by depth.
- `by_hand`: what a person does to objects, also by a `drawn_line`; `giving`: to another class;
  `object_edits`: written down, carried out, and taken back; `object_questions`: which edits are
  probable; `object_voxels`: which voxels objects have.
- `other_labels`: layers of labels that others made.
- `agreement`: two segmentations compared; `sides`: which there are; `agreement_state`: what the
  window shows of it.
- `hints`: why something isn't done, beside its step; `notices`: what keeps strokes from being
  painted, and what helps.
- `working_image`: the image that is worked on; `extent`: a box around the view first, then all.
- `file_opening`: files on their way into the window; `next_volume`: what is worked on next, in
  place of what was before; `ready_strokes`: the layer to paint on.
- `left_behind`: what a dock that is closed leaves, and the next one goes on with.
- `preview_in_view`: supervoxels and features on the slice in view, beforehand.
- `models`: what was learned on one volume, used on another; `in_space`: labels in space.
- `brush_mask`: where the brush may paint.
- `locking`: classes whose labels stay as they are, whatever is learned.
- `correcting`: labels put right by hand, or by a tool, whose `tool_changes` are found on threads;
  `shown_labels`: what is put right; `whole_classes`: at once; `fill_tool` (what hangs together, at
  a click), `cleaning`, and `filling` between slices; `clean_state` is what the dock shows of these.
- `masking`: what has no data, as where a layer is 0.
- `balancing`: more and less of each class; `comparison`: planes far apart, side by side;
  `cuts`: the other two planes through the place under the mouse.
- `looking`: where to look next; `sight`: without a move of what is seen already; `questions`:
  which question is open.
- `sharpening`: the slice in view in final quality; `in_picture`: what colours in view stand for.
- `view`: what is shown of a result, in `result_layers`, and `view_choices` how; `delivery`: final
  labels, and files of what there is.
"""
