"""Badges: how often a page was viewed, as a small picture that anybody may show."""
