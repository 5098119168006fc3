//! What no machine does: if it is there, something was written down or understood wrongly.

use super::{Slice, Timeline, What};
use std::collections::HashMap;

impl Timeline {
    /// What cannot be: a processor that does two things at once, a thread on two processors, an arrow back in time.
    pub fn contradictions(&self) -> Vec<String> {
        let mut told = Vec::new();
        let mut busy: HashMap<usize, &Slice> = HashMap::new();
        let mut running: HashMap<u64, &Slice> = HashMap::new();
        let mut slices: Vec<&Slice> = self.slices.iter().collect();
        slices.sort_by_key(|slice| (slice.start, slice.end));
        for slice in slices {
            if slice.end < slice.start {
                told.push(format!("{slice:?} ends before it begins"));
            }
            let before = busy.insert(slice.cpu, slice);
            told.extend(overlap(before, slice));
            if let What::Thread { thread, .. } = slice.what {
                let before = running.insert(thread, slice);
                told.extend(overlap(before, slice));
            }
        }
        let back = self
            .arrows
            .iter()
            .filter(|arrow| arrow.to.time < arrow.from.time);
        told.extend(back.map(|arrow| format!("{arrow:?} goes back")));
        told
    }
}

fn overlap(before: Option<&Slice>, slice: &Slice) -> Option<String> {
    let before = before.filter(|before| before.end > slice.start)?;
    Some(format!("{slice:?} begins during {before:?}"))
}

#[cfg(test)]
mod tests {
    use crate::{Arrow, Place, Slice, Timeline, What, Why};
    use pecan_abi::trace::Source;

    #[test]
    fn contradictions_are_found() {
        let slice = |cpu, thread, start, end| Slice {
            cpu,
            what: What::Thread { thread, space: 0 },
            start,
            end,
        };
        let told = |slices: Vec<Slice>| {
            Timeline {
                slices,
                ..Timeline::default()
            }
            .contradictions()
            .len()
        };
        assert_eq!(
            told(vec![
                slice(0, 1, 0, 5),
                slice(1, 1, 5, 6),
                slice(0, 2, 5, 9)
            ]),
            0
        );
        assert_eq!(told(vec![slice(0, 1, 0, 5), slice(1, 1, 4, 6)]), 1);
        assert_eq!(told(vec![slice(0, 1, 0, 5), slice(0, 2, 4, 6)]), 1);
        assert_eq!(told(vec![slice(0, 1, 5, 0)]), 1);
        let at = |time| Place { cpu: 0, time };
        let arrow = |from, to| Arrow {
            why: Why::Interrupt(Source::Ping),
            from: at(from),
            to: at(to),
        };
        let timeline = Timeline {
            arrows: vec![arrow(4, 4), arrow(5, 4)],
            ..Timeline::default()
        };
        assert_eq!(timeline.contradictions().len(), 1);
    }
}
