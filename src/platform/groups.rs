//! Which values belong to which id, such as the models of a service.

use std::marker::PhantomData;

/// Values of type `V` in groups, one for each id of type `I`; within a group they stay in the order they came in.
#[derive(Debug, Clone)]
pub(super) struct Groups<I, V> {
    /// Where the group of each id begins; the last one is where all end.
    starts: Vec<u32>,
    values: Vec<V>,
    id: PhantomData<I>,
}

impl<I, V> Default for Groups<I, V> {
    fn default() -> Self {
        Self {
            starts: Vec::new(),
            values: Vec::new(),
            id: PhantomData,
        }
    }
}

impl<I: Into<usize>, V: Copy> Groups<I, V> {
    /// The values of an id: none when nothing was ever put there.
    pub(super) fn of(&self, id: I) -> impl Iterator<Item = V> {
        let at: usize = id.into();
        let group = match self.starts.get(at..at + 2) {
            Some([start, end]) => &self.values[*start as usize..*end as usize],
            _ => &[],
        };
        group.iter().copied()
    }
}

impl<I: Into<usize>, V> FromIterator<(I, V)> for Groups<I, V> {
    fn from_iter<T: IntoIterator<Item = (I, V)>>(pairs: T) -> Self {
        let pairs = pairs.into_iter().map(|(id, value)| (id.into(), value));
        let mut pairs: Vec<(usize, V)> = pairs.collect();
        pairs.sort_by_key(|(at, _)| *at);
        let count = pairs.last().map_or(0, |(at, _)| at + 1);
        let mut starts = vec![0; count + 1];
        for (at, _) in &pairs {
            starts[at + 1] += 1;
        }
        for at in 0..count {
            starts[at + 1] += starts[at];
        }
        Self {
            starts,
            values: pairs.into_iter().map(|(_, value)| value).collect(),
            id: PhantomData,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_by_their_id_in_the_order_they_came_in() {
        let pairs = [(2, 'c'), (5, 'a'), (2, 'b'), (0, 'd')];
        let groups: Groups<usize, char> = pairs.into_iter().collect();
        let of = |id| groups.of(id).collect::<String>();
        assert_eq!(
            [0, 1, 2, 3, 4, 5, 6, 99].map(of),
            ["d", "", "cb", "", "", "a", "", ""]
        );
        assert_eq!(Groups::<usize, char>::default().of(0).count(), 0);
    }
}
