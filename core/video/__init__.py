"""A file becomes a clip, and a clip another: how videos are read, and what may be edited in them."""
