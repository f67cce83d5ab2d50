"""Terraform's JSON, of a plan or of a state, read into resources: the one place that knows it.

`terraform_json` declares what `terraform show -json` prints, `document` reads it, `configuration` follows the
references in it, `references` fills in what they say, `drafts` makes resources, `resources` gathers them, and
`planned_cloud` lays them over what there is.
"""
