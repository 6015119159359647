//! Many values in their order, in pieces: each stays where it was made, whichever core made it.

use std::iter::Flatten;
use std::slice;
use std::vec;

/// Values by their place.
#[derive(Debug, Clone)]
pub struct Rows<T> {
    /// Each of [`PIECE`] values, but the last.
    pieces: Vec<Vec<T>>,
}

/// How many values a piece has: few enough that no core waits long for another that makes one, many enough that a piece is worth its start.
pub(super) const PIECE: usize = 256;

impl<T> Rows<T> {
    /// Values that were made in pieces, each of [`PIECE`] but the last.
    pub(super) fn of_pieces(pieces: Vec<Vec<T>>) -> Self {
        Self { pieces }
    }

    /// The values in their order.
    pub fn iter(&self) -> Flatten<slice::Iter<'_, Vec<T>>> {
        self.pieces.iter().flatten()
    }

    /// The same, to be filled in further.
    pub(super) fn values_mut(&mut self) -> Flatten<slice::IterMut<'_, Vec<T>>> {
        self.pieces.iter_mut().flatten()
    }

    /// The value at a place.
    pub fn get(&self, at: usize) -> Option<&T> {
        self.pieces.get(at / PIECE)?.get(at % PIECE)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        let last = self.pieces.len().saturating_sub(1);
        last * PIECE + self.pieces.last().map_or(0, Vec::len)
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where the first value is for which `before` no longer holds; it holds for all that come earlier.
    pub(super) fn partition_point(&self, mut before: impl FnMut(&T) -> bool) -> usize {
        let full = |piece: &Vec<T>| piece.last().is_some_and(&mut before);
        let piece = self.pieces.partition_point(full);
        match self.pieces.get(piece) {
            Some(it) => piece * PIECE + it.partition_point(before),
            None => self.len(),
        }
    }
}

impl<T> std::ops::Index<usize> for Rows<T> {
    type Output = T;
    fn index(&self, at: usize) -> &T {
        &self.pieces[at / PIECE][at % PIECE]
    }
}

impl<T> std::ops::IndexMut<usize> for Rows<T> {
    fn index_mut(&mut self, at: usize) -> &mut T {
        &mut self.pieces[at / PIECE][at % PIECE]
    }
}

impl<T> From<Vec<T>> for Rows<T> {
    fn from(values: Vec<T>) -> Self {
        match values.len() {
            0..=PIECE => Self::of_pieces(vec![values]),
            _ => values.into_iter().collect(),
        }
    }
}

impl<T> FromIterator<T> for Rows<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        let mut values = values.into_iter();
        let mut pieces = Vec::new();
        loop {
            let piece: Vec<T> = values.by_ref().take(PIECE).collect();
            let is_last = piece.len() < PIECE;
            if !piece.is_empty() {
                pieces.push(piece);
            }
            if is_last {
                return Self { pieces };
            }
        }
    }
}

impl<T> IntoIterator for Rows<T> {
    type Item = T;
    type IntoIter = Flatten<vec::IntoIter<Vec<T>>>;
    fn into_iter(self) -> Self::IntoIter {
        self.pieces.into_iter().flatten()
    }
}

impl<'a, T> IntoIterator for &'a Rows<T> {
    type Item = &'a T;
    type IntoIter = Flatten<slice::Iter<'a, Vec<T>>>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::{PIECE, Rows};

    #[test]
    fn places_are_the_same_in_one_piece_and_in_many() {
        for count in [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE] {
            let mut rows: Rows<usize> = (0..count).map(|it| 2 * it).collect();
            assert_eq!((rows.len(), rows.is_empty()), (count, count == 0));
            assert!(rows.iter().copied().eq((0..count).map(|it| 2 * it)));
            assert_eq!(rows.get(count), None);
            for at in 0..count {
                assert_eq!((rows[at], rows.get(at)), (2 * at, Some(&(2 * at))));
                assert_eq!(rows.partition_point(|it| *it < 2 * at), at);
            }
            assert_eq!(rows.partition_point(|_| true), count);
            rows.values_mut().for_each(|it| *it += 1);
            assert!(rows.into_iter().eq((0..count).map(|it| 2 * it + 1)));
        }
    }
}
