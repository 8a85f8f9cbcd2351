"""What all tests share."""

import os

# The models of the tests are tiny: threads of PyTorch that wait for one another take longer than one alone, above all
# where several processes do so at once. Set before it is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")
