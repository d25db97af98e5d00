"""The safe formats in which values are kept, one file each; none of them runs code when it is read."""
