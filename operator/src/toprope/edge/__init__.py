"""Where the process meets its surroundings: kopf, settings, probes, telemetry. The only room that imports kopf."""
