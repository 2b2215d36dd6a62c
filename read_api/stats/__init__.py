"""Statistics over HTTP: what is asked, how it is answered, in which format."""
