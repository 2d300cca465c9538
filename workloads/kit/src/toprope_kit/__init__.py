"""What Toprope's workloads share, so that each of them answers the same questions in the same way.

    server ──► supervisor ──► worker_process ──► worker ──► the service's own factory
                  │  ops port      │ users' port
                  ▼                ▼
                 ops ◄── memory ── telemetry          (counters in memory that outlives a worker)

Import from the modules; this package re-exports nothing, because the supervisor must not pay for FastAPI.
"""
