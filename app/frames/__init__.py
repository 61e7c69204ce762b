"""The tab “Which frames?”: every method that chooses frames of a long video, on the same video, question and budget."""
