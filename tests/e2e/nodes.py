"""A Ray cluster of several nodes on this machine, controlled by lines on stdin.

It prints its address, then a line for each command that it has carried out. ``kill PID`` ends the node of that process
at once, as a power cut does. ``drain PID`` gives the node notice, as a spot market does, and kills it when the notice
has run out.
"""

import os
import sys
import time
from pathlib import Path

# A dead node is noticed after two questions without an answer, a slow one has ten seconds for each. Ray's own 15 s show
# nothing more; it reads these as it is imported.
os.environ |= {"RAY_health_check_period_ms": "500", "RAY_health_check_failure_threshold": "2"}

from ray._raylet import GcsClient
from ray.cluster_utils import Cluster
from ray.core.generated.autoscaler_pb2 import DrainNodeReason

NOTICE_SECONDS = 1.0


def tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def main() -> None:
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    nodes = [cluster.add_node(num_cpus=1, object_store_memory=100 * 2**20) for _ in range(int(sys.argv[1]))]
    tell(cluster.address)
    for line in sys.stdin:
        command, pid = line.split()
        (node,) = (node for node in nodes if node.all_processes["raylet"][0].process.pid == parent(int(pid)))
        if command == "drain":
            give_notice(cluster.address, node.node_id)
            time.sleep(NOTICE_SECONDS)
        cluster.remove_node(node, allow_graceful=False)
        nodes.remove(node)
        tell(command)
    cluster.shutdown()


def give_notice(address: str, node: str) -> None:
    """Drain a node as ``ray drain-node`` does, without the seconds that a new process takes."""
    deadline = int((time.time() + NOTICE_SECONDS) * 1000)
    preempted = DrainNodeReason.Value("DRAIN_NODE_REASON_PREEMPTION")
    accepted, why = GcsClient(address=address).drain_node(node, preempted, "spot", deadline)
    assert accepted, why


if __name__ == "__main__":
    main()
