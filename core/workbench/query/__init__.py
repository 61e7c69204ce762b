"""Questions to a run: pure functions over a table in memory that nothing outside can be reached from.

    table = open_run(folder)
    page(table, setting, [["right", "eq", False]], sort="loss", descending=True)
    confusion(table, setting)        compare(table, a, b)        slice_stats(table, setting, filters)

A filter is data ([column, what, value], all of a list hold); its values are bound, its names are the table's columns.
"""

from core.workbench.query.compare import compare
from core.workbench.query.confusion import confusion
from core.workbench.query.detection import bins, clips_with, pairs
from core.workbench.query.export import export
from core.workbench.query.facets import facets
from core.workbench.query.filters import check_filters, filters_of, in_words
from core.workbench.query.near import Features, features_of, near
from core.workbench.query.page import page, tiles
from core.workbench.query.places import Places, places
from core.workbench.query.slices import against_rest, slice_ids, slice_stats, wilson
from core.workbench.query.table import Table, open_run, table_of

__all__ = [
    "Features", "Places", "Table", "against_rest", "bins", "check_filters", "clips_with", "compare", "confusion", "export",
    "facets", "features_of", "filters_of", "in_words", "near", "open_run", "page", "pairs", "places", "slice_ids",
    "slice_stats", "table_of", "tiles", "wilson",
]  # fmt: skip
