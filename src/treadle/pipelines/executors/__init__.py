"""Where steps run: the port and what stands behind it, one file each."""
