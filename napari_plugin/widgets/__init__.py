"""What a person sees and touches; each is given what it shows, and calls for what it may do.

- `project_bar`: whether strokes are saved, and where; `recent_list`: projects to go on with.
- `section`: one collapsible step of the work, with its state in a line; `stepping`: which of them
  are open; `steady`: words that change, in room that doesn't.
- `contrast`: how bright the image is shown; `legend`: what the colours of a map
  mean.
- `controls`: sliders with units, buttons that carry their shortcut; `next_button`: the one that is
  highlighted.
- `volume_section`, `prepare_section`, `paint_section`, `segment_section`, `objects_section`,
  `export_section`: the six steps from top to bottom.
- `balance_box`: more and less of the class that is chosen; `compare_planes`: planes far apart.
- `look_panel`: below the picture, the next place to look at; `plane_strip`: what each plane has.
- `box_editor`: the part of the volume to work in; `widening`: from there to the whole.
- `parameter_form`: all parameters, by stage.
- `feature_editor`: the table of filters and scales, and a look at one of them.
- `paint_what`: strokes, or corrections of the labels; `brush_limits`: where the brush paints.
- `class_table`: the classes; `import_dialog`: which class each value of foreign labels becomes.
- `opening_panel`: what is being opened, what is asked of it, and what went wrong.
- `object_edits_row`: what is done to objects by hand; `distances_menu`: which distances of theirs
  are measured, and in what they lie.
- `objects_window`: the objects, a row each (`objects_table`); `object_plots`: bars of a measure
  (`histogram`), or points of two (`scatter`); `profile_panel`: a body by depth, as `curves`;
  `rules_panel`: the rules that sort them; `questions_panel`: which of them may be several things,
  or one.
- `agreement_window`: two segmentations compared, a row for each class.
- `clean_panel`, `fill_panel`: tools that change labels, each with a `trial_row`: what would change.
  `amount`: a length or a volume, typed with its unit.
- `labelling_window`: many volumes labelled by a model.
- `welcome`: the page of an empty window; `help_window`: what each step is about, and all keys.
- `three_planes`: the other two planes through the place under the mouse.
- `picture_box`: what is in view as a figure.
- `where_to`: where a file is to be written.
- `colours`: the theme's colours, for what napari's style sheet doesn't know.
"""
