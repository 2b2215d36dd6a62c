"""The scripts that websites load: what counts their views in a browser."""
