//! Independent work on several cores.

use std::panic::resume_unwind;
use std::thread;

/// From how many services on threads are worth their start.
pub const MANY_SERVICES: usize = 500;

/// Does `work` on each item, at once when there is `much` to do, and returns the results in the order of the items.
pub fn side_by_side<T: Sync, R: Send>(
    items: &[T],
    much: bool,
    work: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    if !much {
        return items.iter().map(work).collect();
    }
    let work = &work;
    thread::scope(|scope| {
        let threads: Vec<_> = items
            .iter()
            .map(|item| scope.spawn(move || work(item)))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
            .collect()
    })
}
