"""What was found, in a form that others can read, cite and run again.

view         a setting of the page as one value; its JSON
link         its link, and reading links and JSON again
python       the call behind a view, as text
result       a view with what was computed for it
described    what made it, in words
painting     a frame under a map, as pixels
layers       what of a result lies over which pictures
composition  a figure as plain data: its rows, its frames, its overlay
rows         a row with what is drawn in it
charts       its numbers, drawn
sheet        rows on a sheet of paper
figures      SVG, PDF and PNG for papers
paper        what goes into a paper with a figure: caption, what to cite, the script
sweep_paper  the same with a sweep
sweeps       a grid over two knobs as a figure
movies       MP4 and GIF
bundle       NPZ, CSV and a manifest in one zip
cells        what a reader kept, as values and as one JSON
notebook     kept cells as a Jupyter notebook
report       kept cells as Markdown and HTML

python -m core.publish writes most of them from the command line.
"""
