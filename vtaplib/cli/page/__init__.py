"""Reports as one HTML page: no script, nothing loaded from elsewhere, every name escaped.

`markup` makes elements, `figure` writes numbers, `table` and `chart` show them. `graph` says what a picture
of the network has in it, `grapher` makes that of a world, `layout` gives it places, `drawing` draws it.
`replay_page`, `estimate_page` and `diff_page` are the pages of commands, `document` is what every page has
around it.
"""
