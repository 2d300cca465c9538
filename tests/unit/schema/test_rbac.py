"""The operator may do what its kinds touch, and nothing else."""

from dataclasses import replace

from tests.unit.schema.a_kind import A_KIND
from toprope.core.objects import JOB
from toprope.kind import Touched
from toprope.schema.rbac import Account, access, rules

ACCOUNT = Account("toprope-system", "toprope")


def test_each_kind_adds_itself_its_status_and_its_finalizers() -> None:
    own = [rule for rule in rules([A_KIND]) if rule["apiGroups"] == ["toprope.dev"]]
    assert own == [
        {"apiGroups": ["toprope.dev"], "resources": ["widgets"], "verbs": ["get", "list", "patch", "watch"]},
        {"apiGroups": ["toprope.dev"], "resources": ["widgets/finalizers"], "verbs": ["update"]},
        {"apiGroups": ["toprope.dev"], "resources": ["widgets/status"], "verbs": ["patch"]},
    ]


def test_collections_touched_alike_share_a_rule() -> None:
    assert {"apiGroups": [""], "resources": ["configmaps", "services"], "verbs": ["get", "list", "patch", "watch"]} in (
        rules([A_KIND])
    )


def test_events_are_only_created() -> None:
    assert {"apiGroups": [""], "resources": ["events"], "verbs": ["create"]} in rules([])


def test_two_kinds_that_touch_the_same_add_up() -> None:
    other = replace(A_KIND, touches=[Touched(JOB, ("delete",))])
    jobs = [rule for rule in rules([A_KIND, other]) if rule["resources"] == ["jobs"]]
    assert jobs == [
        {"apiGroups": ["batch"], "resources": ["jobs"], "verbs": ["delete", "get", "list", "patch", "watch"]}
    ]


def test_a_whole_cluster_takes_one_cluster_role() -> None:
    role, binding = access([A_KIND], ACCOUNT, [])
    assert (role["kind"], binding["kind"]) == ("ClusterRole", "ClusterRoleBinding")
    assert "namespace" not in role["metadata"]
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "toprope", "namespace": "toprope-system"}]


def test_a_list_of_namespaces_takes_a_role_in_each() -> None:
    granted = access([A_KIND], ACCOUNT, ["a", "b"])
    assert [(one["kind"], one["metadata"]["namespace"]) for one in granted] == [
        ("Role", "a"), ("RoleBinding", "a"), ("Role", "b"), ("RoleBinding", "b"),
    ]  # fmt: skip


def test_nodes_are_read_only_where_rights_reach_that_far() -> None:
    def read(namespaces: list[str]) -> set[str]:
        role = access([A_KIND], ACCOUNT, namespaces)[0]
        return {plural for rule in role["rules"] for plural in rule["resources"]} & {"nodes", "leases"}

    assert (read([]), read(["a"])) == ({"nodes", "leases"}, set())
