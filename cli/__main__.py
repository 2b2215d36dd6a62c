"""`python -m cli`: what `footfall up` starts its roles with."""

from cli.main import main

main()
