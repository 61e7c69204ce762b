"""Which frames? Every method that chooses frames of a long video, on the same video, question and budget K: what each chooses
and what that costs (`choice`), what a reader answers from it (`choice`, and `service` for a model on another machine).

A method takes part by the kinds that its outputs have, never by its name: `ChosenFrames` of a whole video. The reader is the
first method with an `Answer` that follows from its chosen frames: it is given those of others in their place.
"""
