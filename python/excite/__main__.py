"""`python -m excite` is the program excite."""

import sys

from excite.program import main

sys.exit(main())
