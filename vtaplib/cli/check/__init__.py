"""`vtap check`: what a cloud would say of a plan, of a state, or of what it holds.

`document` reads what `terraform show -json` prints, `configuration` follows the references in it, `reading`
makes resources of both. `run` judges them, `report` is what comes out, `tables` and `sarif` show it.
"""
