"""`python -m cli`: what `footfall` and `footfall up` start roles with."""

from cli.processes.safe_path import leave_current_folder

leave_current_folder()

from cli.main import main  # noqa: E402 - nothing of the current folder is loaded by now

main(prog_name="footfall")
