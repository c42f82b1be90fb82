"""Bad input and a hostile node: a clear error, or one witness less, never silence."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

import support
from simnode import manifests
from simnode.node import STRANGER
from support import NodeTest, ran

CANNOT_RUN = 2


class DaemonCommand(NodeTest):
    """sextantd as somebody types it, not as a test keeps it."""

    def refuses(self, text, *wanted, arguments=()):
        """The daemon ends with status 2 and says all of `wanted`."""
        file = self.sim.folder / "bad.yaml"
        file.write_text(text)
        self.ends(["--config", str(file), *arguments], *wanted)

    def ends(self, arguments, *wanted, status=CANNOT_RUN):
        done = ran(support.in_namespace(self.sim.node, str(support.BUILD / "sextantd"), *arguments), timeout=60)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        for word in wanted:
            self.assertIn(word, done.stderr)
        self.assertNotIn("AddressSanitizer", done.stderr)
        return done

    def good(self, **changed):
        daemon = self.make_daemon("unused", **changed)
        return json.dumps(daemon.config)


class BadConfiguration(DaemonCommand):
    def test_an_unknown_key_is_named_with_its_line_and_the_nearest_known_one(self):
        self.refuses("source: { manifests: { path: /tmp } }\napi:\n  sokcet: /tmp/x\n", "bad.yaml:3", "sokcet", "socket")

    def test_malformed_YAML_is_named_with_its_line(self):
        self.refuses("source:\n  manifests: { path: /tmp\n", "bad.yaml:")

    def test_wrong_types_and_values_are_all_named_at_once(self):
        self.refuses("source: { manifests: { path: /tmp } }\nuplinks: 7\nfindings: { quiet: soon }\nnetworks: { cluster: [ 2001:db8::/129 ] }\n",
                     "uplinks", "findings.quiet", "networks.cluster")

    def test_no_source_and_two_sources_are_errors(self):
        self.refuses("log: { level: info }\n", "source")
        self.refuses("source: { kubernetes: {}, manifests: { path: /tmp } }\n", "source")

    def test_a_missing_configuration_file_is_an_error(self):
        self.ends(["--config", str(self.sim.folder / "nowhere.yaml")], "nowhere.yaml", "No such file")

    def test_set_overrides_the_file_and_is_checked_too(self):
        self.refuses(self.good(), "api.sokcet", arguments=["--set", "api.sokcet=/x"])

    def test_a_missing_manifests_folder_is_an_error(self):
        self.refuses(self.good(source={"manifests": {"path": "/nowhere/at/all"}}), "/nowhere/at/all", "No such file")

    def test_a_port_in_use_is_an_error_that_names_it(self):
        self.sim.serve(self.sim.host, "squatter", ["tcp:::1:9713"])
        self.refuses(self.good(), "[::1]:9713", "in use")

    def test_a_listener_for_the_internet_is_refused_unless_allowed(self):
        public = f"[{self.sim.address}]:9713"
        self.refuses(self.good(api={"listen": [public]}), public, "public")
        self.refuses(self.good(api={"listen": ["[::]:9713"]}), "[::]:9713", "public")
        self.start(api={"listen": [public], "public": True})
        self.expect_finding("SXT008", port=9713)

    def test_a_second_daemon_on_the_socket_or_the_store_is_refused_and_the_first_lives_on(self):
        first = self.start()
        self.refuses(self.good(api={"socket": str(first.socket), "listen": []}), str(first.socket), "another")
        self.refuses(self.good(api={"listen": []}, store=first.config["store"]), first.config["store"]["path"])
        self.assertEqual(first.get("/livez")[0], 200)

    def test_a_socket_left_by_a_dead_daemon_is_replaced(self):
        first = self.start()
        first.process.kill()
        first.process.wait()
        self.assertTrue(first.socket.exists())
        first.start_and_wait(timeout=support.START_TIMEOUT)

    def test_a_store_that_is_no_database_is_an_error_and_stays_as_it_is(self):
        store = self.sim.folder / "not.db"
        store.write_text("these are my notes, not a database\n" * 100)
        self.refuses(self.good(store={"path": str(store)}), str(store))
        self.assertTrue(store.read_text().startswith("these are my notes"))


class Check(DaemonCommand):
    def check(self, status, *wanted, **config):
        file = self.sim.folder / "check.yaml"
        file.write_text(self.good(**config))
        done = ran(support.in_namespace(self.sim.node, str(support.BUILD / "sextantd"), "--config", str(file), "--check"), timeout=60)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        for word in wanted:
            self.assertIn(word, done.stdout + done.stderr)

    def test_says_ready(self):
        self.check(0, "ready", "eth0")

    def test_says_what_is_lost_when_it_would_run_degraded(self):
        self.sim.write_manifest("broken.yaml", "kind: [")
        self.check(1, "broken.yaml", uplinks=["wan7"])

    def test_says_that_it_cannot_run(self):
        self.check(2, "/nowhere", source={"manifests": {"path": "/nowhere"}})


class Degraded(NodeTest):
    def wrapped(self, command, **config):
        """A daemon that is started by another command."""
        daemon = self.make_daemon(**config)
        daemon.program = self.sim.folder / "wrapper"
        daemon.program.write_text(f"#!/bin/sh\nexec {command}\n")
        daemon.program.chmod(0o755)
        return daemon

    def test_without_cgroup2_delivery_is_blind_and_the_uplink_still_sees(self):
        self.start_unready(datapath={"cgroup": str(self.sim.folder)})
        self.wait_for("delivery is blind", lambda: self.witness("delivery")["state"] == "blind")
        self.assertTrue(self.witness("delivery")["reason"])
        self.assertIn("delivery", self.expect_finding("SXT010")["message"])
        self.connects(STRANGER, self.web, 443)
        self.wait_for("the attempt", lambda: self.attempts("web", 443) == {"allow": 1})

    def test_without_BTF_the_witnesses_that_need_it_are_blind_and_the_rest_answers(self):
        # A mount namespace in which the file with the kernel's types is empty.
        hide = f"mount --bind {self.sim.write_manifest('../empty', '')} /sys/kernel/btf/vmlinux"
        self.start_unready(self.wrapped(f"""unshare --mount sh -c '{hide} && exec "$0" "$@"' {support.BUILD}/sextantd "$@" """))
        features = {f["name"]: f for f in self.daemon.view("status")["features"]}
        self.assertFalse(features["btf"]["available"])
        self.assertTrue(features["btf"]["reason"])
        self.wait_for("death is blind", lambda: self.witness("death")["state"] == "blind")
        self.expect_finding("SXT010")
        told = json.loads(self.cli("explain", "--to", "shop/db", "--from", STRANGER, "--port", "5432/TCP", "-o", "json"))
        self.assertEqual(told["verdict"], "deny")

    def as_nobody(self, *capabilities):
        """A daemon of the user nobody, with these capabilities only."""
        folder = pathlib.Path(tempfile.mkdtemp(prefix="sextant-nobody-"))
        self.addCleanup(shutil.rmtree, folder)
        folder.chmod(0o777)
        shutil.copy(support.BUILD / "sextantd", folder / "sextantd")  # nobody may not reach into a home folder
        held = ",".join(f"+{name}" for name in capabilities)
        ambient = f"--inh-caps {held} --ambient-caps {held} " if held else ""
        daemon = self.wrapped(f'setpriv --reuid 65534 --regid 65534 --clear-groups {ambient}{folder}/sextantd "$@"',
                              api={"socket": str(folder / "sextant.sock")}, store={"path": str(folder / "sextant.db")})
        daemon.socket = folder / "sextant.sock"
        return daemon

    def test_without_root_it_says_what_it_cannot_see_and_still_knows_the_intent(self):
        self.start_unready(self.as_nobody())
        for name in ("uplink", "delivery", "death"):
            self.wait_for(f"{name} is blind", lambda name=name: self.witness(name)["state"] == "blind")
            self.assertTrue(self.witness(name)["reason"])
        self.expect_finding("SXT010")
        told = json.loads(self.cli("explain", "--to", "shop/db", "--from", STRANGER, "--port", "5432/TCP", "-o", "json"))
        self.assertEqual(told["verdict"], "deny")

    def test_an_unreadable_file_is_a_blind_spot_and_an_unreadable_folder_an_error(self):
        secret = self.sim.write_manifest("secret.yaml", manifests.DB_POLICY.replace("name: db", "name: secret"))
        secret.chmod(0o000)
        self.start_unready(self.as_nobody())
        finding = self.wait_for("SXT010 of the file", lambda: next((f for f in self.daemon.findings("SXT010") if "secret.yaml" in str(f)), None))
        self.assertIn("Permission denied", str(finding))
        secret.chmod(0o644)
        self.expect_resolved(finding)
        self.daemon.stop()

        (self.sim.folder / "manifests").chmod(0o700)
        self.daemon.start()
        self.assertEqual(self.daemon.process.wait(support.START_TIMEOUT), CANNOT_RUN)
        self.assertIn("Permission denied", self.daemon.log_end())

    def test_with_three_capabilities_and_no_root_every_witness_sees(self):
        self.daemon = self.as_nobody("bpf", "perfmon", "net_admin").start_and_wait(timeout=support.START_TIMEOUT)
        for name in ("listening", "uplink", "delivery", "death"):
            self.assertEqual(self.witness(name)["state"], "sees", self.witness(name))
        self.sim.enforcement.unprotect(self.db.address)
        self.connects(STRANGER, self.db, 5432)
        self.expect_finding("SXT001", name="db", port=5432)
        self.sim.serve(self.sim.host, "exporter", ["tcp:any:9100"])
        self.assertIn("exporter", str(self.expect_finding("SXT008", port=9100)))

    def test_with_the_datapath_off_its_witnesses_are_absent_not_blind(self):
        self.start(datapath={"enabled": False})
        for name in ("uplink", "delivery", "death", "listening"):
            self.assertEqual(self.witness(name)["state"], "absent")
        self.expect_no_findings()


class BadManifests(NodeTest):
    def still_answers_quickly(self):
        started = time.monotonic()
        self.assertEqual(self.daemon.get("/livez")[0], 200)
        self.assertLess(time.monotonic() - started, 2.0)

    def is_blind_spot(self, name, text, *wanted, timeout=60):
        path = self.sim.folder / "manifests" / name
        if isinstance(text, bytes):
            draft = path.with_name("." + name)
            draft.write_bytes(text)
            os.replace(draft, path)
        else:
            self.sim.write_manifest(name, text)
        finding = self.wait_for(f"SXT010 of {name}", lambda: next(
            (f for f in self.daemon.findings("SXT010") if name in f["message"] + str(f["evidence"])), None), timeout)
        for word in wanted:
            self.assertIn(word, finding["message"] + str(finding["evidence"]))
        self.still_answers_quickly()
        path.unlink()
        self.expect_resolved(finding)

    def test_each_kind_of_broken_file_is_a_blind_spot_and_goes_with_the_file(self):
        self.start()
        cases = {
            "syntax.yaml": ("kind: [\n", "syntax.yaml"),
            "tabs.yaml": ("kind: Pod\n\tmetadata: {}\n", "tabs.yaml:2"),
            "type.yaml": ("apiVersion: v1\nkind: Pod\nmetadata: [ 7 ]\n", "metadata"),
            "duplicate.yaml": ("apiVersion: v1\nkind: Pod\nkind: Pod\n", "duplicate.yaml:3"),
            "binary.yaml": (b"\x00\xff\xfe\x01" * 100, "binary.yaml"),
            "json.json": ('{"kind": "Pod"', "json.json"),
            "deep.yaml": ("a: " + "[" * 5000 + "]" * 5000, "deep.yaml"),
            "bomb.yaml": ("a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
                f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 10)}]\n" for n in range(9)), "bomb.yaml"),
            "again.yaml": (manifests.DB_POLICY, "policy-shop-db.yaml"),
        }
        for name, (text, *wanted) in cases.items():
            with self.subTest(file=name):
                self.is_blind_spot(name, text, *wanted)
        self.expect_no_findings()

    def test_a_file_of_10_MB_is_a_blind_spot_not_a_pause(self):
        self.start()
        document = manifests.DB_POLICY.replace("name: db", "name: db-{}")
        text = "---\n".join(document.replace("{}", str(n)) for n in range(10_000_000 // len(document) + 1))
        self.assertGreater(len(text), 10_000_000)
        self.is_blind_spot("huge.yaml", text)
        self.expect_no_findings()

    def test_a_file_of_7_MB_is_read(self):
        self.start()
        document = "apiVersion: v1\nkind: ConfigMap\nmetadata: {{ namespace: shop, name: c{} }}\ndata: {{ text: \"{}\" }}\n"
        self.sim.write_manifest("large.yaml", "---\n".join(document.format(n, "x" * 7000) for n in range(1000)))
        self.connects(STRANGER, self.web, 443)
        self.wait_for("the attempt", lambda: self.attempts("web", 443))
        self.expect_no_findings()

    def test_a_policy_with_a_bad_CIDR_is_told(self):
        self.start()
        self.sim.write_manifest("cidr.yaml", manifests.ADMIN_POLICY.replace("name: admin", "name: bad").replace("2001:db8:100::/48", "2001:db8::/200"))

        def told():
            status = self.daemon.view("status")
            return "2001:db8::/200" in json.dumps(status) or any("cidr.yaml" in json.dumps(f) for f in self.daemon.findings())

        self.wait_for("the bad CIDR is told", told)
        self.assertEqual(self.row("db", "TCP", 5432, STRANGER)["intended"]["verdict"], "deny")

    def test_a_ConfigMap_volume_that_is_swapped_is_read_again(self):
        folder = self.sim.folder / "manifests" / "volume"
        for version, port in (("..v1", "7001"), ("..v2", "7002")):
            (folder / version).mkdir(parents=True)
            text = manifests.WEB_POLICY.replace("name: web", "name: extra").replace("443", port)
            (folder / version / "extra.yaml").write_text(text)
        (folder / "..data").symlink_to("..v1")
        (folder / "extra.yaml").symlink_to("..data/extra.yaml")
        self.start()
        self.assertEqual(self.verdict(7001), "allow")
        (folder / "..data_tmp").symlink_to("..v2")
        os.replace(folder / "..data_tmp", folder / "..data")
        self.wait_for("the new volume", lambda: self.verdict(7002) == "allow")
        self.assertEqual(self.verdict(7001), "deny")

    def verdict(self, port):
        return json.loads(self.cli("explain", "--to", "shop/web", "--from", STRANGER, "--port", f"{port}/TCP", "-o", "json"))["verdict"]


class CommandLine(NodeTest):
    def test_without_a_daemon_it_says_so_with_status_2(self):
        self.daemon = self.make_daemon()
        done = self.daemon.cli("status")
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr, r"^sextant: ")
        self.assertEqual(done.stdout, "")

    def test_bad_usage_has_status_2(self):
        self.daemon = self.make_daemon()
        for arguments in (["nonsense"], ["findings", "--severity", "enormous"], ["explain", "--to", "shop/db"], ["findings", "-o", "xml"]):
            with self.subTest(arguments=arguments):
                done = self.daemon.cli(*arguments)
                self.assertEqual(done.returncode, 2, done.stdout)
                self.assertTrue(done.stderr)

    def test_the_completions_are_what_their_shells_can_read(self):
        self.daemon = self.make_daemon()
        script = self.cli("completion", "bash")
        done = subprocess.run(["bash", "-n"], input=script, text=True, capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
