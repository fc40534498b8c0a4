"""`python -m bayesmix`: the same as the command `bayesmix`."""

import sys

from bayesmix.cli.main import main

sys.exit(main())
