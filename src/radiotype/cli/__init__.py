"""The command line."""


def main() -> None:
    """Entry point of the command `radiotype`."""
    from radiotype.cli.app import run_app

    run_app()
