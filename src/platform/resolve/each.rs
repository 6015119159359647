//! One step for each of many values, on all cores, as if one after the other.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::diagnostic::Diagnostics;
use crate::side_by_side::{MANY_SERVICES, side_by_side};

use super::Draft;
use crate::platform::rows::{PIECE, Rows};

/// What was made of some values, and the variables that they lost.
struct Part<T> {
    made: Vec<T>,
    lost: BTreeSet<(String, String)>,
}

impl Draft<'_> {
    /// Does `work` for each place below `count`, and returns what it made in their order.
    ///
    /// Of many, parts are done side by side, each by a draft of its own that knows nothing of what the others report. So as soon as one has something to report, all is done again in a row: findings are the same in any case.
    pub(super) fn each<T: Send>(
        &mut self,
        count: usize,
        work: impl Fn(&mut Draft<'_>, usize) -> T + Sync,
    ) -> Rows<T> {
        if count >= MANY_SERVICES
            && let Some(made) = self.each_aside(count, &work)
        {
            return made;
        }
        (0..count).map(|at| work(self, at)).collect()
    }

    fn each_aside<T: Send>(
        &mut self,
        count: usize,
        work: &(impl Fn(&mut Draft<'_>, usize) -> T + Sync),
    ) -> Option<Rows<T>> {
        let parts: Vec<Range<usize>> = (0..count)
            .step_by(PIECE)
            .map(|first| first..(first + PIECE).min(count))
            .collect();
        let this = &*self;
        let done = side_by_side(&parts, true, |part| this.part_aside(part.clone(), work));
        let mut made = Vec::with_capacity(done.len());
        let mut lost = BTreeSet::new();
        for part in done {
            let part = part?;
            made.push(part.made);
            lost.extend(part.lost);
        }
        self.lost.extend(lost);
        Some(Rows::of_pieces(made))
    }

    /// What is made of one part; nothing when it has something to report.
    fn part_aside<T>(
        &self,
        part: Range<usize>,
        work: &impl Fn(&mut Draft<'_>, usize) -> T,
    ) -> Option<Part<T>> {
        let mut found = Diagnostics::new();
        let mut draft = Draft {
            manifest: self.manifest,
            root: self.root,
            services: self.services,
            models: self.models,
            handles: self.handles,
            names: self.names.lend(),
            diagnostics: &mut found,
            unreachable: self.unreachable.clone(),
            lost: self.lost.clone(),
        };
        let mut made = Vec::with_capacity(part.len());
        for at in part {
            made.push(work(&mut draft, at));
            if !draft.diagnostics.is_empty() {
                return None;
            }
        }
        let lost = draft.lost;
        Some(Part { made, lost })
    }
}
