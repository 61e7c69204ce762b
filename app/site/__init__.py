"""A page that needs no server: a folder of static files, for any host, in which the shipped networks run in the browser.

    python -m app.site --out DIR

The viewer, its figures and the glossary are those of the page; what of a method runs there, its part `browser` says
(`core.browser`).
"""
