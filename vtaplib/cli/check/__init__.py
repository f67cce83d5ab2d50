"""`vtap check`: `run` opens the files and has them checked, `tables` and `sarif` show the report."""
