"""The page: a browser's view of the engine. It draws what the engine computes and computes nothing itself."""
