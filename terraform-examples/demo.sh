#!/bin/sh
# From `terraform apply` to the collector's packets, in one go: `make demo` runs this.
#
# Real Terraform builds the quickstart's network in a cloud kept in .vtap/demo, recorded traffic is replayed through
# it, and what the collector would get is read, by tshark if it is installed. Nothing is written outside .vtap/demo.

set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
demo=$root/.vtap/demo
copies=3

# The demo's own: a directory from an earlier run would have its state.
rm -rf -- "$demo"
mkdir -p -- "$demo"
cp -- "$root"/terraform-examples/quickstart/*.tf "$demo"
cd -- "$demo"

# Settings of the user's are for the user's own work.
unset VTAP_ENDPOINT ARM_TENANT_ID TF_CLI_ARGS TF_CLI_ARGS_init TF_CLI_ARGS_plan TF_CLI_ARGS_apply TF_DATA_DIR TF_WORKSPACE TF_PLUGIN_CACHE_DIR
XDG_CACHE_HOME=$demo/cache
CHECKPOINT_DISABLE=1
TF_IN_AUTOMATION=1
export XDG_CACHE_HOME CHECKPOINT_DISABLE TF_IN_AUTOMATION

bold='' plain=''
if [ -t 1 ]; then
    bold=$(printf '\033[1m') plain=$(printf '\033[0m')
else
    # Terraform colours whatever it writes to, unless told.
    TF_CLI_ARGS=-no-color
    export TF_CLI_ARGS
fi

say() {
    printf '\n%s# %s%s\n' "$bold" "$1" "$plain" >&2
}

# Says the command on standard error, so that a redirection takes only what the command prints.
run() {
    printf '%s$ %s%s\n' "$bold" "$*" "$plain" >&2
    "$@"
}

say 'Terraform, with the provider wired up: two networks, three machines, a TAP'
run vtap terraform init -input=false >init.txt
run vtap terraform plan -input=false -out=create.tfplan >plan.txt
grep '^Plan:' plan.txt
run vtap terraform apply -input=false create.tfplan

say 'What there is now'
run vtap show

say 'Recorded traffic between the machines, replayed through the network'
if command -v tshark >/dev/null 2>&1; then
    run vtap replay "$root/tests/captures/quickstart.pcap" --out copies

    say "The first $copies of the collector's packets, as Wireshark's tshark reads them"
    run tshark -n -r copies/nic-collector.pcapng -c "$copies" -O vxlan
else
    say "The first $copies of the collector's packets are below, as vtap reads them: tshark is not installed"
    run vtap replay "$root/tests/captures/quickstart.pcap" --out copies --decode "$copies"
fi

say 'And away with it'
run vtap terraform plan -input=false -destroy -out=destroy.tfplan >>plan.txt
run vtap terraform apply -input=false destroy.tfplan
run vtap show

say "Done. In $demo: the plans (plan.txt), the collector's capture (copies/nic-collector.pcapng)"
if [ "$(command -v vtap)" = "$root/.venv/bin/vtap" ]; then
    printf '%s\n' \
        'To use vtap in this shell:' \
        "  . $root/.venv/bin/activate" \
        '  vtap --help' >&2
fi
