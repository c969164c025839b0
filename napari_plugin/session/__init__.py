"""One viewer's segmentation, without a widget.

- `session`: how the parts hang together.
- `working_image`: the image that is worked on; `extent`: a box around the view first, then all.
- `opening`: the layers of a project that is opened; `advice`: what to do next.
- `view`: what is shown of a result; `delivery`: final labels, and files of what there is.
"""
