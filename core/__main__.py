"""python -m core: the command line."""

import os
import sys

from core.cli import main

# Open the standard streams that are closed. A worker would lose a lock that has the number of one of them.
while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
    pass
os.close(descriptor)
sys.stderr = sys.stderr or os.fdopen(2, "w")

sys.exit(main())
