//! What is measured, in order.

use std::fmt;

/// Message lengths in words: those of Pecan's benchmark, with the shortest that every mechanism can carry in place of none.
const WORDS: [usize; 6] = [1, 4, 7, 8, 16, 63];

/// How a message gets to the partner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mechanism {
    /// A pipe for each direction.
    Pipe,
    /// A pair of Unix sockets of type SOCK_SEQPACKET.
    Seqpacket,
    /// Copied into shared memory and out of it, with a futex to wait at.
    Futex,
    /// An event counter for each direction; the message is the number that is added.
    Eventfd,
}

impl Mechanism {
    /// All, in the order of the output.
    pub(crate) const ALL: [Self; 4] = [Self::Pipe, Self::Seqpacket, Self::Futex, Self::Eventfd];

    /// Its word in the output.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Pipe => "pipe",
            Self::Seqpacket => "seqpacket",
            Self::Futex => "futex",
            Self::Eventfd => "eventfd",
        }
    }

    const fn longest(self) -> usize {
        match self {
            Self::Eventfd => 1,
            Self::Pipe | Self::Seqpacket | Self::Futex => WORDS[WORDS.len() - 1],
        }
    }
}

/// Where the partner is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Another process on the same CPU.
    OtherSpace,
    /// A thread of the same process on the same CPU.
    SameSpace,
    /// Another process on another CPU that has nothing else to do.
    OtherCpu,
}

impl Place {
    const ALL: [Self; 3] = [Self::OtherSpace, Self::SameSpace, Self::OtherCpu];

    const fn name(self) -> &'static str {
        match self {
            Self::OtherSpace => "intra.inter-space",
            Self::SameSpace => "intra.same-space",
            Self::OtherCpu => "inter.idle",
        }
    }
}

/// One row of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Row {
    /// A system call that does next to nothing.
    NullSyscall,
    /// A message of so many words and an answer of as many.
    Message(Mechanism, Place, usize),
}

impl Row {
    /// Its name for programs.
    pub(crate) fn id(self) -> String {
        match self {
            Self::NullSyscall => "ref.null-syscall".to_owned(),
            Self::Message(mechanism, place, _) => format!("{}.{}", mechanism.name(), place.name()),
        }
    }

    /// Whether a part of its name is `word`.
    pub(crate) fn is_about(self, word: &str) -> bool {
        self.id().split('.').any(|part| part == word)
    }

    /// Words in each direction.
    pub(crate) const fn words(self) -> Option<usize> {
        match self {
            Self::NullSyscall => None,
            Self::Message(_, _, words) => Some(words),
        }
    }

    const fn cpus(self) -> usize {
        match self {
            Self::Message(_, Place::OtherCpu, _) => 2,
            Self::NullSyscall | Self::Message(..) => 1,
        }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id())?;
        self.words()
            .map_or(Ok(()), |words| write!(f, ", {words} words"))
    }
}

/// All rows for which `cpus` processors are enough.
pub(crate) fn rows(cpus: usize) -> impl Iterator<Item = Row> {
    let messages = Place::ALL.into_iter().flat_map(|place| {
        Mechanism::ALL.into_iter().flat_map(move |mechanism| {
            WORDS
                .into_iter()
                .filter(move |words| *words <= mechanism.longest())
                .map(move |words| Row::Message(mechanism, place, words))
        })
    });
    [Row::NullSyscall]
        .into_iter()
        .chain(messages)
        .filter(move |row| row.cpus() <= cpus)
}

#[cfg(test)]
mod tests {
    use super::{Row, rows};

    #[test]
    fn two_cpus_measure_all() {
        assert_eq!(rows(2).count(), 1 + 3 * (3 * 6 + 1));
        assert_eq!(rows(288).count(), rows(2).count());
    }

    #[test]
    fn one_cpu_leaves_out_what_needs_two() {
        assert_eq!(rows(1).count(), 1 + 2 * (3 * 6 + 1));
        assert!(rows(1).all(|row| !row.id().contains("inter.idle")));
    }

    #[test]
    fn no_two_rows_have_one_name() {
        let names: Vec<_> = rows(2).map(|row| (row.id(), row.words())).collect();
        for (index, name) in names.iter().enumerate() {
            assert_eq!(names.iter().position(|other| other == name), Some(index));
        }
    }

    #[test]
    fn rows_are_chosen_by_parts_of_their_names() {
        assert_eq!(rows(2).filter(|row| row.is_about("inter")).count(), 19);
        assert_eq!(rows(2).filter(|row| row.is_about("pipe")).count(), 18);
        assert_eq!(rows(2).filter(|row| row.is_about("pip")).count(), 0);
    }

    #[test]
    fn event_counters_carry_one_word() {
        let longest = rows(2)
            .filter(|row| row.id().starts_with("eventfd"))
            .filter_map(Row::words)
            .max();
        assert_eq!(longest, Some(1));
    }
}
