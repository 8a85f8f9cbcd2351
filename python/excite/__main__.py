"""`python -m excite` is the program excite, in this process."""

import sys

from excite._native import run_program


def main() -> int:
    """Run the program with the arguments of this process."""
    code: int = run_program(sys.argv[1:])
    return code


if __name__ == "__main__":
    sys.exit(main())
