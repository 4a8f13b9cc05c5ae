#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Writes a folder that stands for / of an invented machine, for what takes a
# sysroot: the files of /proc and /sys that describe it, and no others.
#
#   tests/fake/machine.sh server|guest|laptop|board DIR
#
# server  two sockets of Intel, SMT, RAPL, performance governor, cgroup v2
# guest   a KVM guest: four CPUs, no meter, steal, cgroup v1 with limits
# laptop  AMD on its battery, powersave governor, boost, swap in use
# board   ARM without DMI, one CPU, hpet-like clock
set -euo pipefail
kind=${1-} root=${2-}
[ -n "$root" ] || { sed -n '6,12s/^# \{0,1\}//p' "$0" >&2; exit 64; }
cpu=sys/devices/system/cpu
clock=sys/devices/system/clocksource/clocksource0

# put PATH TEXT: a file with that line.
put() {
	[ -d "$root/${1%/*}" ] || mkdir -p "$root/${1%/*}"
	printf '%s\n' "$2" >"$root/$1"
}

# cpuinfo N VENDOR FAMILY MODEL NAME FLAGS
cpuinfo() {
	local i
	mkdir -p "$root/proc"
	for ((i = 0; i < $1; i++)); do
		printf '%s\t: %s\n' processor "$i" vendor_id "$2" \
			'cpu family' "$3" model "$4" 'model name' "$5" \
			stepping 6 microcode 0xd0003a5 'cpu MHz' 2600.000 \
			flags "$6"
		echo
	done >"$root/proc/cpuinfo"
}

# topology CPU CORE-LIST PACKAGE-LIST
topology() {
	put "$cpu/cpu$1/topology/core_cpus_list" "$2"
	put "$cpu/cpu$1/topology/package_cpus_list" "$3"
}

# meminfo TOTAL AVAILABLE SWAP SWAP-FREE, in kB
meminfo() {
	put proc/meminfo "MemTotal:       $1 kB
MemFree:          123456 kB
MemAvailable:   $2 kB
SwapTotal:      $3 kB
SwapFree:       $4 kB"
}

# zone ENTRY NAME MICROJOULES
zone() {
	put "sys/class/powercap/$1/name" "$2"
	put "sys/class/powercap/$1/max_energy_range_uj" 262143328850
	put "sys/class/powercap/$1/energy_uj" "$3"
}

common() { # KERNEL CLOCKSOURCE PARANOID
	put proc/sys/kernel/osrelease "$1"
	put proc/sys/kernel/arch x86_64
	put $clock/current_clocksource "$2"
	put proc/sys/kernel/perf_event_paranoid "$3"
	put sys/kernel/mm/transparent_hugepage/enabled 'always [madvise] never'
	mkdir -p "$root/sys/devices/system/node/node0"
}

server() {
	local i
	cpuinfo 8 GenuineIntel 6 106 \
		'Intel(R) Xeon(R) Gold 6348 CPU @ 2.60GHz' \
		'fpu tsc sse4_2 avx avx2 fma avx512f avx512_vnni amx_tile constant_tsc'
	put $cpu/online 0-7
	put $cpu/smt/control on
	# CPU i and i + 4 are one core; 0 1 4 5 and 2 3 6 7 are the sockets.
	for i in 0 1 2 3; do
		topology $i "$i,$((i + 4))" \
			"$([ $i -lt 2 ] && echo 0-1,4-5 || echo 2-3,6-7)"
		topology $((i + 4)) "$i,$((i + 4))" \
			"$([ $i -lt 2 ] && echo 0-1,4-5 || echo 2-3,6-7)"
	done
	for i in 0 1 2 3 4 5 6 7; do
		put $cpu/cpu$i/cpufreq/scaling_governor performance
		put $cpu/cpu$i/thermal_throttle/package_throttle_count 3
	done
	put $cpu/cpu0/cpufreq/scaling_driver intel_pstate
	put $cpu/cpu0/cpufreq/cpuinfo_max_freq 3500000
	put $cpu/cpu0/cpufreq/energy_performance_preference performance
	put $cpu/intel_pstate/no_turbo 0
	put $cpu/cpu0/cache/index0/level 1
	put $cpu/cpu0/cache/index0/type Data
	put $cpu/cpu0/cache/index0/size 48K
	put $cpu/cpu0/cache/index0/shared_cpu_list 0,4
	put $cpu/cpu0/cache/index1/level 3
	put $cpu/cpu0/cache/index1/type Unified
	put $cpu/cpu0/cache/index1/size 42M
	put $cpu/cpu0/cache/index1/shared_cpu_list 0-1,4-5
	put $cpu/vulnerabilities/meltdown 'Not affected'
	put $cpu/vulnerabilities/spectre_v2 'Mitigation: Enhanced IBRS'
	put $cpu/vulnerabilities/mmio_stale_data 'Vulnerable: no microcode'
	common 6.1.0-18-amd64 tsc 3
	put $clock/available_clocksource 'tsc hpet acpi_pm'
	mkdir -p "$root/sys/devices/system/node/node1"
	meminfo 263856128 250000000 0 0
	put proc/stat 'cpu  1000 0 500 90000 500 0 0 0 0 0'
	put proc/loadavg '0.05 0.10 0.08 1/300 4242'
	put proc/uptime '86400.00 600000.00'
	put sys/class/dmi/id/sys_vendor 'Dell Inc.'
	put sys/class/dmi/id/product_name 'PowerEdge R750'
	put sys/bus/pci/devices/0000:17:00.0/vendor 0x10de
	zone intel-rapl:0 package-0 1000000
	zone intel-rapl:0:0 dram 500000
	zone intel-rapl:1 package-1 2000000
	zone intel-rapl:1:0 dram 700000
	put proc/self/mounts 'cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid 0 0'
	put proc/self/mountinfo '30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw'
	put sys/fs/cgroup/cgroup.procs ''
	put proc/self/cgroup '0::/user.slice/user-1000.slice'
	put sys/fs/cgroup/user.slice/user-1000.slice/cgroup.controllers \
		'cpuset cpu io memory pids'
	put sys/fs/cgroup/user.slice/user-1000.slice/cpu.max '350000 100000'
	put sys/fs/cgroup/user.slice/user-1000.slice/memory.max 8589934592
}

guest() {
	local i
	cpuinfo 4 GenuineIntel 6 143 'Intel Xeon Processor (SapphireRapids)' \
		'fpu tsc sse4_2 avx avx2 hypervisor constant_tsc'
	put $cpu/online 0-3
	put $cpu/smt/control notsupported
	for i in 0 1 2 3; do topology $i $i 0-3; done
	common 5.10.0-28-cloud-amd64 kvm-clock 2
	meminfo 8000000 6000000 0 0
	put proc/stat 'cpu  1000 0 500 90000 500 0 0 9000 0 0'
	put proc/loadavg '2.75 2.10 1.08 1/300 4242'
	put proc/uptime '3600.50 600.00'
	put sys/class/dmi/id/sys_vendor QEMU
	put sys/class/dmi/id/product_name 'Standard PC (Q35 + ICH9, 2009)'
	: >"$root/.dockerenv"
	put proc/self/mounts \
		'cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,cpu,cpuacct 0 0
cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0'
	put proc/self/cgroup '5:cpu,cpuacct:/docker/abc
4:memory:/docker/abc'
	put sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us 150000
	put sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us 100000
	put sys/fs/cgroup/memory/memory.limit_in_bytes 4294967296
}

laptop() {
	local i
	cpuinfo 2 AuthenticAMD 25 80 'AMD Ryzen 7 5800U' \
		'fpu tsc sse4_2 avx avx2 fma constant_tsc nonstop_tsc'
	put $cpu/online 0-1
	put $cpu/smt/control off
	for i in 0 1; do
		topology $i $i 0-1
		put $cpu/cpu$i/cpufreq/scaling_governor \
			"$([ $i -eq 0 ] && echo powersave || echo schedutil)"
	done
	put $cpu/cpu0/cpufreq/scaling_driver acpi-cpufreq
	put $cpu/cpufreq/boost 1
	common 6.6.9 hpet 4
	put $clock/available_clocksource 'tsc hpet acpi_pm'
	meminfo 16000000 700000 8000000 7000000
	put proc/loadavg '0.20 0.10 0.08 1/300 4242'
	put sys/class/power_supply/AC/type Mains
	put sys/class/power_supply/BAT0/type Battery
	put sys/class/power_supply/BAT0/status Discharging
	put sys/class/power_supply/BAT0/energy_now 40000000
	put sys/class/power_supply/hidpp_battery_0/type Battery
	put sys/class/power_supply/hidpp_battery_0/scope Device
	put sys/class/power_supply/hidpp_battery_0/status Full
}

board() {
	mkdir -p "$root/proc/device-tree"
	printf 'Raspberry Pi 5 Model B\0' >"$root/proc/device-tree/model"
	put proc/cpuinfo $'processor\t: 0\nFeatures\t: fp asimd asimddp crc32
CPU implementer\t: 0x41\nCPU part\t: 0xd0b'
	put $cpu/online 0
	put $clock/current_clocksource arch_sys_counter
	meminfo 4000000 3000000 0 0
}

case $kind in
server | guest | laptop | board) "$kind" ;;
*)
	echo "machine.sh: no machine '$kind'" >&2
	exit 64
	;;
esac
