"""Two hosts made of network namespaces, joined by a link that can be cut: ranks across nodes."""
import contextlib
import itertools
import json
import os
import pathlib
import shutil
import subprocess
import time

from run_cli import PROGRAM, Skip
from test_behaviour import validate
from test_comm import need_mpi, tokmark_lines
from test_ranks import QUICK, SMALL

AGENT = """#!/bin/sh
# HOST COMMAND...: what ssh would do, in the namespace that stands for the host.
host=$1
shift
exec ip netns exec "$host" unshare --uts sh -c "hostname $host; $*"
"""


NUMBERS = itertools.count()


def sh(line):
    return subprocess.run(line, shell=True, capture_output=True, text=True, check=False)


@contextlib.contextmanager
def two_hosts(box):
    """The hosts' names, and a function that runs mpirun with two ranks on each."""
    need_mpi()
    if os.geteuid() != 0 or not all(shutil.which(tool) for tool in ("ip", "unshare")):
        raise Skip("hosts made of network namespaces need root, ip and unshare")
    if "Open MPI" not in sh("mpirun --version").stdout:
        raise Skip("how other MPIs than Open MPI start remote processes is not known here")
    number = next(NUMBERS)
    hosts = [f"tmk{os.getpid() % 100000}{number}{letter}" for letter in "ab"]
    folders = [pathlib.Path("/etc/netns") / host for host in hosts]
    try:
        for host, folder in zip(hosts, folders):
            made = sh(f"ip netns add {host} && ip -n {host} link set lo up")
            if made.returncode != 0:
                raise Skip(f"no network namespaces here: {made.stderr.strip()[:80]}")
            folder.mkdir(parents=True)
            (folder / "hosts").write_text(f"127.0.0.1 localhost\n10.77.0.1 {hosts[0]}\n10.77.0.2 {hosts[1]}\n", encoding="utf-8")
        made = sh(f"ip link add va netns {hosts[0]} type veth peer name vb netns {hosts[1]}")
        if made.returncode != 0:
            raise Skip(f"no pairs of network devices here: {made.stderr.strip()[:80]}")
        for host, device, number in ((hosts[0], "va", 1), (hosts[1], "vb", 2)):
            done = sh(f"ip -n {host} addr add 10.77.0.{number}/24 dev {device} && ip -n {host} link set {device} up")
            assert done.returncode == 0, done.stderr
        probe = sh(f"ip netns exec {hosts[0]} unshare --uts true")
        if probe.returncode != 0:
            raise Skip(f"no names of hosts of their own here: {probe.stderr.strip()[:80]}")
        agent = box.work / "agent.sh"
        agent.write_text(AGENT, encoding="utf-8")
        agent.chmod(0o700)
        mpirun = (f"OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 mpirun --oversubscribe -np 4 --host {hosts[0]}:2,{hosts[1]}:2 "
                  f"--mca plm_rsh_agent {agent} --mca btl tcp,self,vader {PROGRAM}")
        yield hosts, lambda line: ["ip", "netns", "exec", hosts[0], "unshare", "--uts", "sh", "-c",
                                   f"hostname {hosts[0]}; exec env {mpirun} {line}"]
    finally:
        for host, folder in zip(hosts, folders):
            sh(f"ip netns pids {host} | xargs -r kill -9; ip netns del {host}")
            shutil.rmtree(folder, ignore_errors=True)
        with contextlib.suppress(OSError):
            pathlib.Path("/etc/netns").rmdir()


def ranks_in(host):
    pids = sh(f"ip netns pids {host}").stdout.split()
    return [pid for pid in pids if sh(f"cat /proc/{pid}/comm").stdout == "tokmark\n"]


def test_nodes_comm_mpi(box):
    with two_hosts(box) as (hosts, start):
        done = subprocess.run(start("comm --device cpu --bytes 4K,64K --time 0.005 -o n.json"), capture_output=True, text=True,
                              timeout=120, cwd=box.work, check=False)
        assert done.returncode == 0, (done.stdout[-800:], done.stderr)
        validate(box.work / "n.json")
        result = json.loads((box.work / "n.json").read_text(encoding="utf-8"))
        for point in result["points"]:
            assert point["comm"]["wrong"] == 0 and [row["host"] for row in point["comm"]["ranks"]] == [hosts[0]] * 2 + [hosts[1]] * 2


def test_nodes_run_mpi(box):
    """Tensor parallel within a host, replicas across: CPUs are shared out a host."""
    with two_hosts(box) as (hosts, start):
        done = subprocess.run(start(f"run --device cpu --tp 2 --dp 2 {SMALL} {QUICK} --phase decode --batch 4 -o n.json".replace(
            "--input-len 12", "")), capture_output=True, text=True, timeout=120, cwd=box.work, check=False)
        assert done.returncode == 0, (done.stdout[-800:], done.stderr)
        validate(box.work / "n.json")
        point = json.loads((box.work / "n.json").read_text(encoding="utf-8"))["points"][0]
        assert point["verify"]["ops_failed"] == 0 and point["verify"]["replay_matched"]
        assert [row["host"] for row in point["ranks"]] == [hosts[0]] * 2 + [hosts[1]] * 2


def test_nodes_link_that_is_cut_mpi(box):
    with two_hosts(box) as (hosts, start):
        path = box.work / "n.json"
        with subprocess.Popen(start("comm --device cpu --bytes 1K..64K --time 2 --timeout 3 -o n.json"), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, cwd=box.work) as run:
            end = time.monotonic() + 30
            while not path.exists() and time.monotonic() < end:
                time.sleep(0.02)
            assert path.exists()
            assert sh(f"ip -n {hosts[1]} link set vb down").returncode == 0
            # The launcher has lost the other host too, and may wait for it for ever: what counts is that all ranks end.
            end = time.monotonic() + 25
            while any(ranks_in(host) for host in hosts) and time.monotonic() < end:
                time.sleep(0.05)
            left = {host: ranks_in(host) for host in hosts}
            with contextlib.suppress(subprocess.TimeoutExpired):
                run.wait(timeout=3)
            run.kill()
            for host in hosts:
                sh(f"ip netns pids {host} | xargs -r kill -9")
            _, err = run.communicate(timeout=30)
        assert not any(left.values()), f"ranks hang: {left}"
        lines = tokmark_lines(err)
        assert lines and "rank " in lines[0] and any(host in lines[0] for host in hosts), err
        validate(path)
        assert not json.loads(path.read_text(encoding="utf-8"))["complete"]
