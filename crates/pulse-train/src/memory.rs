//! Memory of this process and machine, as Linux tells it.

/// Bytes of a field of a file of `/proc`, whose lines are `Name:  123 kB`.
fn field(path: &str, name: &str) -> Option<u64> {
    let text = std::fs::read_to_string(path).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let number = line.trim_start_matches(':').split_whitespace().next()?;
    Some(number.parse::<u64>().ok()? * 1024)
}

/// Resident bytes of this process; `None` where it cannot be told.
pub fn resident() -> Option<u64> {
    field("/proc/self/status", "VmRSS")
}

/// Largest number of resident bytes so far.
pub fn peak() -> Option<u64> {
    field("/proc/self/status", "VmHWM")
}

/// Bytes that can be allocated on this machine without swapping.
pub fn available() -> Option<u64> {
    field("/proc/meminfo", "MemAvailable")
}
