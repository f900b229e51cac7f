//! Memory that a thread keeps from one piece of work to the next: blocks of this size that come and go cost
//! page faults, and giving one back stops all threads for a moment.

use std::cell::Cell;

thread_local! {
    static KEPT: Cell<Vec<f32>> = const { Cell::new(Vec::new()) };
}

/// Calls `work` with `length` values that hold anything. Within `work` another call gets memory of its own.
pub(crate) fn with<R>(length: usize, work: impl FnOnce(&mut [f32]) -> R) -> R {
    let mut values = KEPT.take();
    if values.len() < length {
        values.resize(length, 0.0);
    }
    let result = work(&mut values[..length]);
    KEPT.set(values);
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_within_calls_have_memory_of_their_own() {
        with(3, |outer| {
            outer.fill(1.0);
            with(5, |inner| inner.fill(2.0));
            assert_eq!(outer, [1.0; 3]);
        });
        with(7, |values| assert_eq!(values.len(), 7));
    }
}
