"""`toprope gate`: the gate on its own, for counts from anywhere."""
