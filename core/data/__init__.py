"""Data sets of videos on disk, and clips that are rendered, as training and evaluation take them."""
