"""`vtap explain`: `asking` reads the question, `run` opens the files, `text` shows the report."""
