"""The composition root: one file a verb. The only place that sees every package."""
