"""`toprope run`: the operator itself."""

from pydantic import ValidationError

from toprope.cli.say import fail


def run() -> None:
    """Run the operator until it is told to stop. It is configured by the environment, as TOPROPE_NAMESPACES.

    Example: TOPROPE_NAMESPACES=team-a,team-b toprope run
    """
    # The edge brings kopf with it, half a second that the other commands need not wait.
    from toprope.edge.run import run as run_operator  # noqa: PLC0415
    from toprope.edge.settings import Settings  # noqa: PLC0415

    try:
        settings = Settings()
    except ValidationError as refusal:
        fail("\n".join(f"TOPROPE_{'_'.join(map(str, one['loc'])).upper()}: {one['msg']}" for one in refusal.errors()))
    run_operator(settings)
