"""Decisions of Footfall: events, wire format, fold, settings. No IO, no clock, no environment."""
