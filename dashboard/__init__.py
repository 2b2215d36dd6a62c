"""The dashboard: a page that asks the public API, and how it is served."""
