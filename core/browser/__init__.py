"""A method where there is no Python: its stages as ONNX graphs and as JavaScript, and the weights that these need.

What of a method runs in a browser, its part `browser` says:

    WAYS        the settings of its switches and choices for which it runs there (`ways.Way`), the usual one first
    MODULE      the stages that are JavaScript, from assets/viewer: `stages`, and `told`, what the method says of its results
    constants(held)     what these stages need besides: numbers, lists, tensors, of networks and what follows from them alone
    example(values)     what these stages make that a graph reads, of an example: of what is held and what Python made of it
    LEFT_OUT    a sentence on what does not run there

A stage that is exported is the method's own function, or one of its name in that part, written for frames as they come.
"""
