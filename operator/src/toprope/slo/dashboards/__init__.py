"""What people look at in Grafana: one dashboard over all SLOs, one of each resource. JSON, made of plain values.

overview.py, resource.py ──► frame.py: rows of panels on the grid, variables, uid ──► config_map.py: for the sidecar
      │                                                                          └──► queries.py: what they ask, as run
      └── panels.py: what a panel looks like · promql.py: what it asks
"""
