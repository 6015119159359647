//! Room for the bodies of requests that is used again: fresh memory costs more than filling it does.

use std::cell::{Cell, RefCell};
use std::io;
use std::ops::Deref;
use std::rc::Rc;

use bytes::{BufMut, Bytes};
use memmap2::MmapMut;
use tokio::io::{AsyncRead, AsyncReadExt};

/// A smaller body gets room of its own, for that costs nothing.
const SMALLEST: usize = 64 * 1024;

/// Larger room is given back at once.
const LARGEST: usize = 1024 * 1024;

/// The most room that is kept, whatever was in use lately.
const MOST_KEPT: usize = 128 * 1024 * 1024;

/// The room of one worker that nobody uses just now. It is mapped, for an allocator does not give back at once all that it had.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    free: RefCell<Vec<MmapMut>>,
    kept: Cell<usize>,
    /// The least that was kept since the last sweep: that much was not needed.
    spare: Cell<usize>,
}

/// Room for one body.
#[derive(Debug)]
pub(super) struct Buffer {
    room: Room,
    home: Rc<Buffers>,
}

#[derive(Debug)]
enum Room {
    /// What has come in one piece, and stays where it is.
    Come(Bytes),
    Own(Vec<u8>),
    /// Room that is used again, and how much of it is.
    Mapped(MmapMut, usize),
}

impl Buffers {
    /// Empty room for so many bytes, and never for many more.
    pub(super) fn take(self: &Rc<Self>, length: usize) -> Buffer {
        let mapped = match length {
            ..SMALLEST => None,
            SMALLEST..=LARGEST => self.mapped(length),
            _ => MmapMut::map_anon(length).ok(),
        };
        Buffer {
            room: mapped.map_or_else(
                || Room::Own(Vec::with_capacity(length)),
                |it| Room::Mapped(it, 0),
            ),
            home: Rc::clone(self),
        }
    }

    /// A body that is all here.
    pub(super) fn whole(self: &Rc<Self>, bytes: Bytes) -> Buffer {
        Buffer {
            room: Room::Come(bytes),
            home: Rc::clone(self),
        }
    }

    fn mapped(&self, length: usize) -> Option<MmapMut> {
        let fits = |it: &MmapMut| it.len() >= length && it.len() - length <= length / 4;
        let mut free = self.free.borrow_mut();
        if let Some(at) = free.iter().rposition(fits) {
            let room = free.swap_remove(at);
            self.leaves(&room);
            return Some(room);
        }
        // What does not fit makes room for what does: all together is never more than was in use at once.
        let mut missing = length;
        while missing > 0
            && let Some(room) = free.pop()
        {
            missing = missing.saturating_sub(room.len());
            self.leaves(&room);
        }
        MmapMut::map_anon(length).ok()
    }

    fn leaves(&self, room: &MmapMut) {
        self.kept.set(self.kept.get() - room.len());
        self.spare.set(self.spare.get().min(self.kept.get()));
    }

    /// Gives back what was not needed since the last time.
    pub(super) fn sweep(&self) {
        let mut free = self.free.borrow_mut();
        let mut spare = self.spare.get();
        while let Some(room) = free.pop_if(|it| it.len() <= spare) {
            spare -= room.len();
            self.kept.set(self.kept.get() - room.len());
        }
        self.spare.set(self.kept.get());
    }
}

impl Buffer {
    /// Adds some bytes.
    pub(super) fn extend_from_slice(&mut self, bytes: &[u8]) {
        match &mut self.room {
            Room::Come(whole) => self.room = Room::Own([whole, bytes].concat()),
            Room::Own(own) => own.extend_from_slice(bytes),
            Room::Mapped(room, used) => {
                if let Some(place) = room.get_mut(*used..*used + bytes.len()) {
                    place.copy_from_slice(bytes);
                    *used += bytes.len();
                } else {
                    let all = [&room[..*used], bytes].concat();
                    self.room = Room::Own(all);
                }
            }
        }
    }

    /// Reads what has come, but no more than so much; zero is the end.
    pub(super) async fn read_from(
        &mut self,
        stream: &mut (impl AsyncRead + Unpin),
        most: usize,
    ) -> io::Result<usize> {
        if let Room::Come(whole) = &self.room {
            self.room = Room::Own(whole.to_vec());
        }
        match &mut self.room {
            // It has become one's own.
            Room::Come(_) => Ok(0),
            Room::Own(own) => stream.read_buf(&mut own.limit(most)).await,
            Room::Mapped(room, used) => {
                let end = room.len().min(*used + most);
                let read = stream.read(&mut room[*used..end]).await?;
                *used += read;
                Ok(read)
            }
        }
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if let Room::Mapped(room, _) = std::mem::replace(&mut self.room, Room::Own(Vec::new())) {
            let kept = self.home.kept.get() + room.len();
            if room.len() <= LARGEST && kept <= MOST_KEPT {
                self.home.kept.set(kept);
                self.home.free.borrow_mut().push(room);
            }
        }
    }
}

impl Deref for Buffer {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        match &self.room {
            Room::Come(whole) => whole,
            Room::Own(own) => own,
            Room::Mapped(room, used) => &room[..*used],
        }
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
        assert_eq!(buffers.kept.get(), 100_000);
        // Too large for it, so that what is there makes room.
        drop(buffers.take(70_000));
        assert_eq!(buffers.kept.get(), 70_000);
        drop(buffers.take(2 * LARGEST));
        drop(buffers.take(SMALLEST - 1));
        assert_eq!(buffers.kept.get(), 70_000);
        buffers.sweep();
        drop(buffers.take(70_000));
        buffers.sweep();
        assert_eq!(buffers.kept.get(), 70_000, "it was needed");
        buffers.sweep();
        assert_eq!(buffers.kept.get(), 0);
        assert!(buffers.free.borrow().is_empty());
    }

    #[test]
    fn what_is_kept_is_what_is_counted() {
        let buffers = Rc::new(Buffers::default());
        let three = [(); 3].map(|()| buffers.take(100_000));
        drop(three);
        // One of the three makes room.
        drop(buffers.take(SMALLEST));
        let lengths: Vec<usize> = buffers.free.borrow().iter().map(|it| it.len()).collect();
        assert_eq!(lengths, [100_000, 100_000, SMALLEST]);
        assert_eq!(buffers.kept.get(), 200_000 + SMALLEST);
    }

    #[test]
    fn bytes_are_added_and_read_wherever_they_lie() {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        for length in [0, 10, SMALLEST, LARGEST + 1] {
            let mut buffer = Rc::new(Buffers::default()).take(length);
            buffer.extend_from_slice(b"ab");
            let mut stream = &b"cdef"[..];
            let read = buffer.read_from(&mut stream, 3);
            let read = runtime.as_ref().unwrap().block_on(read);
            assert_eq!((read.unwrap(), &buffer[..]), (3, &b"abcde"[..]));
            // More than was announced finds its place too.
            buffer.extend_from_slice(&vec![b'x'; length]);
            assert_eq!((buffer.len(), &buffer[..5]), (length + 5, &b"abcde"[..]));
        }
    }

    #[test]
    fn no_more_is_kept_than_is_allowed() {
        let buffers = Rc::new(Buffers::default());
        let all: Vec<Buffer> = (0..140).map(|_| buffers.take(LARGEST)).collect();
        drop(all);
        assert_eq!(buffers.kept.get(), MOST_KEPT);
    }
}
