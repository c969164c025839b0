"""One viewer's segmentation, without a widget.

- `session`: how the parts hang together; `dock_state`: what the dock shows of them, as frozen
  values, made of `state_pieces`; `snapshot`: reads those from a session; `next_step`: what to do
  next, from those.
- `hints`: why something isn't done, beside its step; `notices`: what keeps strokes from being
  painted, and what helps.
- `working_image`: the image that is worked on; `extent`: a box around the view first, then all.
- `preview_in_view`: supervoxels and features on the slice in view, beforehand.
- `opening`: the layers of a project that is opened; `ready_strokes`: the layer to paint on.
- `masking`: what has no data, as where a layer is 0.
- `balancing`: more and less of each class; `comparison`: planes far apart, side by side.
- `sharpening`: the slice in view in final quality.
- `view`: what is shown of a result, and `view_choices` how; `delivery`: final labels, and
  files of what there is.
"""
