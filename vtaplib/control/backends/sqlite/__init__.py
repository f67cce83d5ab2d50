"""A cloud in a file of SQLite.

`database` knows SQLite and nothing of what is kept, `backend` the tables and statements and nothing of files.
"""
