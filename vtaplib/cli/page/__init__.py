"""Reports as one HTML page: no script, nothing loaded from elsewhere, every name escaped.

`markup` makes elements, `figure` writes numbers, `table` and `chart` show them. `graph` says what a picture
of the network has in it, `layout` where, `drawing` draws it. `replay_page` is the page of a replay,
`document` what every page has around it.
"""
