"""`vtap check`: what a cloud would say of a plan, of a state, or of what it holds.

`terraform_json` declares what `terraform show -json` prints, `document` reads it, `configuration` follows the
references in it, `reading` makes resources of both, `azure` of what the Azure CLI prints. `world` lays them
together, `run` has them judged, `report` is what comes out, `tables` and `sarif` show it.
"""
