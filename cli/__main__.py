"""`python -m cli`: what `footfall` and `footfall up` start roles with."""

from cli.main import main

main(prog_name="footfall")
