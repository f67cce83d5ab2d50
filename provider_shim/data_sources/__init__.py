"""The data sources. `provider_shim/data_source.py` says how one is made."""
