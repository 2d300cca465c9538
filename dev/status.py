"""What runs, whose it is, and where to look when something is wrong."""

from dev import owner, processes
from dev.drivers import Driver
from dev.errors import DevError
from dev.places import Places


def status_lines(places: Places, driver: Driver) -> tuple[bool, list[str]]:
    """Whether a cluster is up, and what a person reads about it."""
    whose = owner.owner(places.state)
    if whose is None:
        return False, ["no cluster (python -m dev up)"]
    try:
        running = driver.is_up()
        where = str(driver.kubeconfig())
    except DevError as error:
        return False, [f"a cluster of {whose} that is not whole: {error.message} (python -m dev up completes it)"]
    lines = [
        f"cluster by the {driver.name} driver, of the checkout {whose}: {'up' if running else 'down'}",
        f"  kubeconfig  {where}",
        "  gateway     http://127.0.0.1:8080",
    ]
    node = places.state / "node"
    if roles := sorted({process.role for process in processes.living(node)}):
        lines += [f"  logs        {node}/log", f"  processes   {', '.join(roles)}"]
    return running, lines
