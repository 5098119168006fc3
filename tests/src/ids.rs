//! The permanent ids of the conformance tests.
//!
//! An id that is on the list stays there with its meaning: a run that lacks it fails, and so does a run with an
//! id that is not on the list.

/// A line of `ids.txt`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Id {
    /// Such as `XCPU0007`.
    pub name: String,
    /// Fewest processors with which the test makes sense: with fewer it says that it is skipped.
    pub cpus: u32,
    /// It holds processors, which only the debug kernel lets it do: it runs where it is asked for.
    pub holds: bool,
}

/// The list.
///
/// # Panics
/// When a line of `ids.txt` is neither empty, nor a comment, nor `ID`, `ID cpus>=N` or `ID cpus>=N holds`.
pub fn permanent() -> Vec<Id> {
    let lines = include_str!("../ids.txt")
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default().trim());
    lines.filter(|line| !line.is_empty()).map(read).collect()
}

fn read(line: &str) -> Id {
    let (name, rest) = line.split_once(' ').unwrap_or((line, "cpus>=1"));
    let (cpus, holds) = match rest.strip_suffix(" holds") {
        Some(cpus) => (cpus, true),
        None => (rest, false),
    };
    let cpus = cpus
        .trim()
        .strip_prefix("cpus>=")
        .and_then(|number| number.parse().ok());
    match cpus {
        Some(cpus) => Id {
            name: name.to_owned(),
            cpus,
            holds,
        },
        None => panic!("ids.txt: `{line}` is neither `ID` nor `ID cpus>=N` nor `ID cpus>=N holds`"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Id, permanent, read};

    #[test]
    fn lines() {
        assert_eq!(
            read("IPC0001"),
            Id {
                name: "IPC0001".into(),
                cpus: 1,
                holds: false
            }
        );
        assert_eq!(
            read("XCPU0007 cpus>=2"),
            Id {
                name: "XCPU0007".into(),
                cpus: 2,
                holds: false
            }
        );
        assert_eq!(
            read("RACE0007 cpus>=3 holds"),
            Id {
                name: "RACE0007".into(),
                cpus: 3,
                holds: true
            }
        );
    }

    #[test]
    fn ids_are_sorted_and_there_once() {
        let ids = permanent();
        for pair in ids.windows(2) {
            assert!(
                pair[0].name < pair[1].name,
                "{} stands before {}",
                pair[0].name,
                pair[1].name
            );
        }
    }

    #[test]
    fn ids_are_letters_and_four_digits() {
        for id in permanent() {
            let (letters, digits) = id.name.split_at(id.name.len().saturating_sub(4));
            assert!(
                !letters.is_empty()
                    && letters
                        .bytes()
                        .all(|byte| byte.is_ascii_uppercase() || byte == b'2'),
                "{id:?}"
            );
            assert!(
                digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit()),
                "{id:?}"
            );
        }
    }
}
