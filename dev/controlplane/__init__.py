"""etcd, kube-apiserver, controller-manager and scheduler: their credentials and command lines.

The integration floor runs them as they are; the plain driver runs the same inside its node.
"""
