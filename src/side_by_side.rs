//! Independent work on several cores. Results are in the order of the work, whoever was done first.

use std::num::NonZero;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use rayon::ThreadPoolBuilder;

/// From how many services on threads are worth their start.
pub const MANY_SERVICES: usize = 150;

/// From how many bytes of text on they are: about as many services.
pub const MUCH_TEXT: usize = 100_000;

/// Does `work` on each item, on all cores when there is `much` to do, and returns the results in the order of the items.
pub fn side_by_side<T: Sync, R: Send>(
    items: &[T],
    much: bool,
    work: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let workers = if much { cores().min(items.len()) } else { 1 };
    if workers <= 1 {
        return items.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let take = &|| {
        let mut done = Vec::with_capacity(items.len().div_ceil(workers));
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(at) else {
                return done;
            };
            done.push((at, work(item)));
        }
    };
    let mut others: Vec<_> = (1..workers).map(|_| Vec::new()).collect();
    let here = rayon::in_place_scope(|scope| {
        for other in &mut others {
            scope.spawn(|_| *other = take());
        }
        take()
    });
    let all = std::iter::once(here).chain(others);
    let mut done: Vec<_> = all.map(Vec::into_iter).collect();
    // Everybody took the items in their order, so the next result is the first that somebody has left.
    let mut results = Vec::with_capacity(items.len());
    while let Some(who) = done.iter_mut().find(|left| {
        let first = left.as_slice().first();
        first.is_some_and(|(at, _)| *at == results.len())
    }) {
        results.extend(who.next().map(|(_, result)| result));
    }
    results
}

/// Does `work` on `size` items at a time, on all cores when there is `much` to do and more than one part of it, and returns the results in the order of the parts.
pub fn in_parts<'i, T: Sync, R: Send>(
    items: &'i [T],
    size: usize,
    much: bool,
    work: impl Fn(&'i [T]) -> R + Sync,
) -> Vec<R> {
    let parts: Vec<&'i [T]> = items.chunks(size).collect();
    side_by_side(&parts, much && parts.len() > 1, |part| work(part))
}

/// Does both, at once when there is `much` to do, and returns both results.
pub fn both<A: Send, B>(
    much: bool,
    aside: impl FnOnce() -> A + Send,
    here: impl FnOnce() -> B,
) -> (A, B) {
    if !much || cores() <= 1 {
        return (aside(), here());
    }
    let mut done = None;
    let here = rayon::in_place_scope(|scope| {
        scope.spawn(|_| done = Some(aside()));
        here()
    });
    (done.expect("the scope has waited for it"), here)
}

/// How many cores share the work. The first to ask for more than one becomes one of as many threads, which live as long as the process: who waits for another meanwhile does what is left of the work of all.
fn cores() -> usize {
    static CORES: LazyLock<usize> = LazyLock::new(|| {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        let threads = ThreadPoolBuilder::new().num_threads(cores);
        // Where no threads can be had, all is done here.
        match threads.use_current_thread().build_global() {
            Ok(()) => cores,
            Err(_) => 1,
        }
    });
    *CORES
}

#[cfg(test)]
mod tests {
    use super::{both, in_parts, side_by_side};

    #[test]
    fn results_are_in_the_order_of_the_items() {
        let items: Vec<usize> = (0..1000).collect();
        for much in [false, true] {
            let doubled = side_by_side(&items, much, |it| it * 2);
            assert_eq!(doubled, items.iter().map(|it| it * 2).collect::<Vec<_>>());
            let parts = in_parts(&items, 300, much, <[usize]>::to_vec);
            assert_eq!(
                parts.iter().map(Vec::len).collect::<Vec<_>>(),
                [300, 300, 300, 100]
            );
            assert_eq!(parts.concat(), items);
            assert_eq!(both(much, || 1, || 2), (1, 2));
        }
    }

    #[test]
    #[should_panic(expected = "what went wrong")]
    fn a_panic_aside_is_a_panic_here() {
        both(true, || panic!("what went wrong"), || ());
    }
}
