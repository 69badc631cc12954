"""Box files, one small file a format: `read` gives tables, `written` gives the text of a file.

A text is written by whoever calls (core.base.files). What a format cannot hold, and what of a file
is not taken, is said in notes, a sentence each; what would be read wrong is a DataError.
"""

KINDS = ("kitti", "kitti-tracking", "openlabel", "nuscenes", "labelcloud", "csv")
