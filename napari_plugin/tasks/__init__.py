"""Long work: each a task for a thread, and what comes of it.

- `jobs`: runs them.
- `resources`: what memory, disk, device and cluster that work may use.
- `preparing`, `live`, `finishing`, `exporting`, `preview`, `unsure`: one kind of work each.
"""
