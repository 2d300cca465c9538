"""From a kind's models and touches to what the API server needs to know of it: CRD and RBAC."""
