//! Memory that was freed and is wanted again at once.

/// Keeps freed memory in the process, where the C library is glibc; elsewhere nothing.
///
/// A training step frees and allocates the same large tensors again and again. glibc gives blocks of this size back to
/// the system each time and gets them back in pages that the system has to clear: 200,000 page faults in five steps of the
/// benchmark's decoder at 512 positions. Kept, they stay where they are; the peak is the same, what lies below it is
/// not given back. For programs that do little else, at their start.
pub fn keep_freed_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: mallopt takes two numbers, is there since glibc 2.0 and may be called at any time.
    #[allow(unsafe_code)]
    unsafe {
        // Both return 0 for a number that they do not know, which leaves everything as it was.
        libc::mallopt(libc::M_MMAP_MAX, 0);
        libc::mallopt(libc::M_TRIM_THRESHOLD, -1);
    }
}
