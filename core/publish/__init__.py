"""What was found, in a form that others can read, cite and run again.

view       a setting of the page as one value; its JSON
link       its link, and reading links and JSON again
python     the call behind a view, as text
result     a view with what was computed for it
painting   a frame under a map, as pixels
figures    SVG, PDF and PNG for papers
movies     MP4 and GIF
bundle     NPZ, CSV and a manifest in one zip
notebook   kept cells as a Jupyter notebook, a report, and one JSON that is read again
"""
