"""The judges themselves: each must find what it is asked to look for."""

import manifests
import support


class Manifests(support.ToolTest):
    needed = ("helm", "kubeconform")

    def refused(self, judge, *arguments):
        with self.assertRaises(AssertionError):
            judge(self, *arguments)

    def test_a_misspelt_field_does_not_conform(self):
        text = support.helm_template(*("--set=api.listen=address", "--set=podMonitor.enabled=true"))
        for right, wrong in (("hostPID:", "hostPid:"), ("honorLabels:", "honourLabels:"), ("verbs:", "verb:")):
            with self.subTest(wrong):
                self.assertIn(right, text)
                self.refused(manifests.conform, text.replace(right, wrong))

    def test_a_kind_without_a_schema_does_not_conform(self):
        self.refused(manifests.conform, "apiVersion: example.org/v1\nkind: Thing\nmetadata: { name: a }\n")

    def test_a_right_too_many_is_found(self):
        def changed(change):
            objects = support.documents(support.helm_template())
            change(support.the(objects, "DaemonSet")["spec"]["template"]["spec"])
            return objects

        def context(pod):
            return pod["containers"][0]["securityContext"]

        for change in (lambda pod: context(pod)["capabilities"]["add"].append("SYS_ADMIN"),
                       lambda pod: context(pod).update(privileged=True),
                       lambda pod: context(pod).update(readOnlyRootFilesystem=False),
                       lambda pod: pod.update(hostIPC=True),
                       lambda pod: pod["securityContext"].update(seccompProfile={"type": "Unconfined"}),
                       lambda pod: pod["volumes"].append({"name": "root", "hostPath": {"path": "/"}}),
                       lambda pod: pod["containers"][0]["volumeMounts"][1].pop("readOnly")):
            self.refused(manifests.least_privilege, changed(change), "datapath")

    def test_an_unknown_key_is_not_accepted_by_the_daemon(self):
        config = support.config_of(support.documents(support.helm_template()))
        manifests.accepted_by_daemon(self, config)
        self.refused(manifests.accepted_by_daemon, config | {"uplink": ["eth0"]})
