"""The tab "Errors": what a run of `core.workbench` found, clip by clip, and from there to any clip on its method's stage."""
