"""`python -m treadle.cli`: the command line, where no `treadle` script is on the path."""

from __future__ import annotations

from treadle.cli.app import main

if __name__ == "__main__":
    main()
