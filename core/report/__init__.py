"""A report on a project, without a window."""
