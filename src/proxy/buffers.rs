//! Room for the bodies of requests that is used again: fresh memory costs more than filling it does.

use std::cell::{Cell, RefCell};
use std::ops::{Deref, DerefMut};
use std::rc::Rc;

/// A smaller body gets room of its own, for that costs nothing.
const SMALLEST: usize = 16 * 1024;

/// Larger room is given back at once.
const LARGEST: usize = 1024 * 1024;

/// The most room that is kept: more would spare more time with hundreds of large bodies at once, but the allocator of the system does not give so much back.
const MOST_KEPT: usize = 8 * 1024 * 1024;

/// The room of one worker that nobody uses just now.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    free: RefCell<Vec<Vec<u8>>>,
    kept: Cell<usize>,
    /// The least that was kept since the last sweep: that much was not needed.
    spare: Cell<usize>,
}

/// Room for one body.
#[derive(Debug)]
pub(super) struct Buffer {
    bytes: Vec<u8>,
    home: Rc<Buffers>,
}

impl Buffers {
    /// Empty room for so many bytes, and never for many more.
    pub(super) fn take(self: &Rc<Self>, length: usize) -> Buffer {
        let fits = |it: &Vec<u8>| it.capacity() >= length && it.capacity() / 2 <= length;
        let bytes = if length < SMALLEST {
            Vec::with_capacity(length)
        } else {
            let mut free = self.free.borrow_mut();
            if let Some(at) = free.iter().rposition(fits) {
                let bytes = free.swap_remove(at);
                self.kept.set(self.kept.get() - bytes.capacity());
                self.spare.set(self.spare.get().min(self.kept.get()));
                bytes
            } else {
                Vec::with_capacity(length)
            }
        };
        Buffer {
            bytes,
            home: Rc::clone(self),
        }
    }

    /// Gives back what was not needed since the last time.
    pub(super) fn sweep(&self) {
        let mut free = self.free.borrow_mut();
        let mut spare = self.spare.get();
        while let Some(bytes) = free.pop_if(|it| it.capacity() <= spare) {
            spare -= bytes.capacity();
            self.kept.set(self.kept.get() - bytes.capacity());
        }
        self.spare.set(self.kept.get());
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let capacity = self.bytes.capacity();
        let kept = self.home.kept.get() + capacity;
        if (SMALLEST..=LARGEST).contains(&capacity) && kept <= MOST_KEPT {
            self.bytes.clear();
            self.home.kept.set(kept);
            let bytes = std::mem::take(&mut self.bytes);
            self.home.free.borrow_mut().push(bytes);
        }
    }
}

impl Deref for Buffer {
    type Target = Vec<u8>;
    fn deref(&self) -> &Vec<u8> {
        &self.bytes
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_used_again_and_what_nobody_needs_is_given_back() {
        let buffers = Rc::new(Buffers::default());
        let mut first = buffers.take(100_000);
        first.extend_from_slice(b"secret");
        let place = first.as_ptr();
        drop(first);
        let again = buffers.take(90_000);
        assert_eq!((again.as_ptr(), again.len()), (place, 0));
        assert_eq!(buffers.kept.get(), 0);
        drop(again);
        assert!(buffers.take(40_000).as_ptr() != place, "too large for it");
        drop(buffers.take(2 * LARGEST));
        let kept = buffers.kept.get();
        assert!((140_000..=150_000).contains(&kept), "{kept}");
        buffers.sweep();
        drop(buffers.take(100_000));
        buffers.sweep();
        assert_eq!(buffers.kept.get(), kept, "it was needed");
        buffers.sweep();
        assert_eq!(buffers.kept.get(), 0);
        assert!(buffers.free.borrow().is_empty());
    }

    #[test]
    fn no_more_is_kept_than_is_allowed() {
        let buffers = Rc::new(Buffers::default());
        let all: Vec<Buffer> = (0..20).map(|_| buffers.take(LARGEST)).collect();
        drop(all);
        assert_eq!(buffers.kept.get(), MOST_KEPT);
    }
}
