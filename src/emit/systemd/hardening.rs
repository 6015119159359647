//! What a process may not do, for each workload.
//!
//! Left out on purpose, because programs of this sort break late and strangely with it:
//! - `MemoryDenyWriteExecute=`: PyTorch, Node and other just-in-time compilers need such memory.
//! - `ProcSubset=pid`: it hides `/proc/cpuinfo` and `/proc/meminfo`, by which they choose threads and memory.
//! - `RemoveIPC=`: it removes what every process of the user keeps in shared memory, and the services share the user.
//! - `IPAddressDeny=`: model servers download weights, and whom the others call is not all in the platform.

use crate::backend::Workload;

/// The lines of a unit for a workload; `low_port` when it listens below 1024.
pub(super) fn lines(workload: Workload, low_port: bool) -> Vec<&'static str> {
    let mut lines = COMMON.to_vec();
    match workload {
        Workload::Proxy => {
            lines.extend([
                "PrivateDevices=yes",
                "PrivateIPC=yes",
                "SystemCallFilter=~@resources",
            ]);
            // In a user namespace of its own it could not bind a low port.
            if !low_port {
                lines.push("PrivateUsers=yes");
            }
        }
        Workload::CpuInference => lines.push("PrivateDevices=yes"),
        Workload::GpuInference => lines.extend(DEVICES),
    }
    lines
}

/// Netlink is how the C library lists network interfaces. A refused system call is an error the program can handle, not its death.
const COMMON: &[&str] = &[
    "NoNewPrivileges=yes",
    "ProtectKernelTunables=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelLogs=yes",
    "ProtectControlGroups=yes",
    "ProtectClock=yes",
    "ProtectHostname=yes",
    "ProtectProc=invisible",
    "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK",
    "RestrictNamespaces=yes",
    "RestrictRealtime=yes",
    "RestrictSUIDSGID=yes",
    "LockPersonality=yes",
    "SystemCallArchitectures=native",
    "SystemCallErrorNumber=EPERM",
    "SystemCallFilter=@system-service",
    "SystemCallFilter=~@privileged",
];

/// Graphics and neural processors by the kernel's names, so that it holds for any number of cards: `/dev/dri`, `/dev/accel`, `/dev/kfd` and `/dev/nvidia*`.
const DEVICES: [&str; 5] = [
    "DevicePolicy=closed",
    "DeviceAllow=char-drm rw",
    "DeviceAllow=char-accel rw",
    "DeviceAllow=char-kfd rw",
    "DeviceAllow=char-nvidia* rw",
];
