"""`python -m radiotype`: the command line."""

from radiotype.cli import main

if __name__ == "__main__":  # worker processes import this module again
    main()
