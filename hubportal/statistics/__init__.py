"""What the whole record comes to: figures as plots, and as a map of the world.

It stands beside the pages of ``hubportal`` because it joins what several apps know. Figures of
solutions are the counts of the catalogue's facets, so each of them is the number of records in the
list that it links to; everything else is counted from what anybody may read.
"""
