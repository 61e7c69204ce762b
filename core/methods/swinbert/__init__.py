"""SwinBERT: a caption, and which pairs of video patches may see each other."""
