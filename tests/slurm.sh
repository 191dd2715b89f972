#!/usr/bin/env bash
# A real Slurm on this machine runs a sweep that `highwater emit slurm` cut into shares; one share is
# killed and submitted again; the merged bytes must be those of the sweep in one process.
#
#   tests/slurm.sh PATH_OF_HIGHWATER
#
# Needs root and Debian's packages (slurm-wlm, munge), which it installs where it can. Prints why and
# ends with 0 where it can't.
set -euo pipefail
program=$(realpath "${1:?the path of the highwater binary}")
scenarios=$(realpath "$(dirname "$0")/../scenarios")

skip() { echo "slurm: skipped: $1"; exit 0; }
[ "$(id -u)" = 0 ] || skip "not root"
command -v apt-get >/dev/null || skip "no apt-get here"
if ! command -v slurmctld >/dev/null; then
    (apt-get update -q && apt-get install -yq --no-install-recommends slurm-wlm slurmctld slurmd munge) \
        >/dev/null 2>&1 || skip "Debian's packages of Slurm could not be installed"
fi

place=$(mktemp -d)
chmod 755 "$place"
name=$(hostname -s)
cpus=$(nproc)
stop() {
    scontrol shutdown >/dev/null 2>&1 || true
    [ -f "$place/munge/munged.pid" ] && kill "$(cat "$place/munge/munged.pid")" || true
    sleep 1
    rm -rf "$place"
}
trap stop EXIT
mkdir -p "$place"/{etc,state,spool,log,munge,work,tools}
chown munge:munge "$place/munge"
runuser -u munge -- /usr/sbin/munged --socket="$place/munge/munge.socket" \
    --pid-file="$place/munge/munged.pid" --log-file="$place/munge/munged.log" \
    --seed-file="$place/munge/munged.seed" --key-file=/etc/munge/munge.key \
    || skip "munged does not start"
cat >"$place/etc/slurm.conf" <<CONF
ClusterName=one
SlurmctldHost=$name(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$place/munge/munge.socket
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
StateSaveLocation=$place/state
SlurmdSpoolDir=$place/spool
SlurmctldPidFile=$place/slurmctld.pid
SlurmdPidFile=$place/slurmd.pid
SlurmctldLogFile=$place/log/slurmctld.log
SlurmdLogFile=$place/log/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=2,sched_min_interval=100000
ReturnToService=2
MpiDefault=none
KillWait=5
NodeName=$name NodeAddr=127.0.0.1 CPUs=$cpus Boards=1 SocketsPerBoard=1 CoresPerSocket=$cpus ThreadsPerCore=1 RealMemory=1000 State=UNKNOWN
PartitionName=main Nodes=$name Default=YES MaxTime=INFINITE State=UP
CONF
export SLURM_CONF="$place/etc/slurm.conf"
/usr/sbin/slurmctld -c && /usr/sbin/slurmd || skip "Slurm's daemons do not start"
state=
for _ in $(seq 20); do
    sleep 1
    state=$(sinfo -h -o %t 2>/dev/null || true)
    [ "$state" = idle ] && break
done
[ "$state" = idle ] || skip "the node does not become idle (it is '$state')"

ln -s "$program" "$place/tools/highwater"
ln -s "$scenarios" "$place/work/scenarios"
export PATH="$place/tools:$PATH"
cd "$place/work"
command=(sweep scenarios/mm1.toml --set "run.length=2 h" --replications 4
    --vary "workload.requests.arrivals.poisson.rate=20/s..90/s:8")
wait_for_all() {
    for _ in $(seq 300); do
        [ -z "$(squeue -h)" ] && return
        sleep 1
    done
    echo "slurm: jobs do not end"; squeue; exit 1
}

highwater emit slurm --shards 4 --cpus 1 -- "${command[@]}" >job.sh
bash job.sh
# One task is killed in the middle of its share.
for _ in $(seq 100); do
    [ -n "$(ls output/mm1-sweep-1-of-4/pieces 2>/dev/null)" ] && break
    sleep 0.2
done
pkill -KILL -f -- '--shard 1/4' || echo "slurm: share 1 was over before it could be killed"
wait_for_all
if [ -f output/mm1-sweep/manifest.toml ]; then
    echo "slurm: the merge ran although a share was killed"; exit 1
fi
there=$(find output -path '*pieces*' -name '*.json' | wc -l)
# The same again: what is there is not run again.
bash job.sh
wait_for_all
mv output/mm1-sweep merged
rm -rf output
highwater "${command[@]}" --quiet || [ $? -eq 1 ]
rm -f merged/.highwater.lock output/mm1-sweep/.highwater.lock
diff -r merged output/mm1-sweep
echo "slurm: ok: 4 shares, one killed with $there pieces kept and submitted again, merged to the same bytes"
