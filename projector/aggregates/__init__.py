"""Days and months are added up beside the fold."""
