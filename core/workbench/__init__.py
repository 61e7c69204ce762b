"""Find out where a method fails: a folder of clips in, a row of numbers for every clip out, on disk and ready to be asked.

    columns      what a number of a clip is called, its unit, which end of it is bad
    listing      the clips: what training reads, a flat folder, SSv2's JSON, or drawn ones
    plan         what a run is: its clips, its texts, its settings; `run.json`, which never changes
    files        Parquet that is there as a whole or not at all
    reading      an entry of the list becomes a clip, and what can be said of it without any method; `strips` its thumbnail
    measure      a clip and a setting become a row and small maps; `scores` what is answered of the texts
    causes       is it right where a part of the method is, and are its maps true: measured where that is asked for
    shard        some clips in a row, written together: the file of rows is the commit
    crew, drive  processes that work on shards, and who hands them out; `cluster` on Ray; `verify` what is on disk
    marks        what people write: tags, notes, slices
    tide, things what kind of error a detection is; a row for every thing that is there or was found
    derived      what is made of rows and kept: the map with its groups, failure modes
    outside      filters that rows alone cannot answer
    query        rows, histograms, confusions, comparisons and exports of what is there

Nothing here but `measure` needs torch: who starts a run or reads one has no networks in memory.
"""
